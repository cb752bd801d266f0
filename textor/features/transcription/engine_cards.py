"""What is known of each engine, for whoever chooses or runs them: facts, prices, models that go, how its provider answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textor.adapters.stt.port import Capabilities
from textor.domain import shutdowns
from textor.domain.shutdowns import Shutdown
from textor.features.transcription import engines
from textor.features.transcription.engines import Facts, Offer
from textor.features.transcription.health_checks import Report
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model of a provider. `usd_per_hour` None: not known."""

    name: str
    description: str
    usd_per_hour: float | None
    shutdown: Shutdown | None


@dataclass(frozen=True, slots=True)
class Card:
    """An engine. `languages` are those of all its models, None: any. `can` is what it does with its default model. `report` None:
    nobody has asked its provider, or it has none."""

    offer: Offer
    is_default: bool
    can: Capabilities
    languages: Sequence[str] | None
    models: Sequence[ModelCard]
    report: Report | None

    @property
    def prices(self) -> Sequence[float | None]:
        """US dollars an hour, each once, from the lowest; None for those that aren't known."""
        found = {facts.usd_per_hour for facts in self.offer.facts}
        known: Sequence[float | None] = sorted(price for price in found if price is not None)
        return [*known, None] if None in found else known


def all_of(tools: Toolbox, reports: Mapping[str, Report]) -> list[Card]:
    """A card for each engine, in the order of forms."""
    standard = engines.default(tools)
    return [_card(tools, offer, reports.get(offer.name), is_default=offer.name == standard) for offer in engines.offered(tools)]


def plain(card: Card) -> dict[str, Any]:
    """The same for programs. Sizes are in bytes, times in seconds, money in US dollars; null: not known, or no limit."""
    offer, report = card.offer, card.report
    return {
        "engine": offer.name,
        "title": offer.title,
        "is_ready": offer.ready,
        "is_default": card.is_default,
        "runs_locally": offer.runs_locally,
        "what_to_do": offer.reason,
        "health": {"reachable": report.reachable, "reason": report.reason, "credit": report.credit} if report else None,
        "languages": card.languages,
        "max_bytes": card.can.max_bytes,
        "max_seconds": card.can.max_seconds,
        "formats": None if card.can.formats is None else sorted(card.can.formats),
        "usd_per_hour": offer.facts[0].usd_per_hour,
        "models": [_plain_model(facts) for facts in offer.facts if facts.model],
    }


def _plain_model(facts: Facts) -> dict[str, Any]:
    model = facts.model
    return {"name": model.name, "usd_per_hour": facts.usd_per_hour, "shutdown_date": model.shutdown_date} if model else {}


def _card(tools: Toolbox, offer: Offer, report: Report | None, *, is_default: bool) -> Card:
    return Card(
        offer=offer,
        is_default=is_default,
        can=offer.facts[0].can,
        languages=_languages(offer),
        models=[] if offer.runs_locally else [found for facts in offer.facts if (found := _model(tools, facts))],
        report=report,
    )


def _model(tools: Toolbox, facts: Facts) -> ModelCard | None:
    model = facts.model
    if model is None:
        return None
    shutdown = shutdowns.read(model.shutdown_date, tools.clock.now().date())
    return ModelCard(model.name, model.description, facts.usd_per_hour, shutdown)


def _languages(offer: Offer) -> Sequence[str] | None:
    spoken = [facts.languages for facts in offer.facts]
    known = [codes for codes in spoken if codes is not None]
    return None if len(known) < len(spoken) else sorted({code for codes in known for code in codes})
