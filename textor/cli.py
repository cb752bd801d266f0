"""Commands for whoever runs Textor: `flask --app wsgi COMMAND`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_migrate import upgrade

from textor import bootstrap, cli_accounts, cli_documents
from textor.commands import Command, Commands, table
from textor.features.accounts import members
from textor.features.transcription import backlog, direct, engine_cards, health_checks, local_models
from textor.features.transcription.direct import Request
from textor.features.transcription.engine_cards import Card, ModelCard
from textor.features.transcription.engines import Hints
from textor.job_queue.presence import AtWork

Table = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]


models = Commands("models", help="Speech models on this machine.")
engine = Commands("engines", help="Speech engines.")
queue = Commands("queue", help="What waits and what works; healing it.")


def register(app: Flask) -> None:
    """Make the commands known to `flask`."""
    for command in (*cli_accounts.GROUPS, *cli_documents.COMMANDS, models, engine, queue, transcribe, prepare):
        app.cli.add_command(command)


@models.command("list")
def list_models() -> None:
    """All models, and which are here."""
    rows = [
        (model.name, name, f"{model.size_mb:.0f} MB" if model.size_mb else "", "here" if model.is_downloaded else "")
        for name, model in local_models.listed(bootstrap.tools())
    ]
    table(("MODEL", "ENGINE", "SIZE", "DOWNLOADED"), rows)


@models.command("download")
@click.argument("name")
def download_model(name: str) -> None:
    """Fetch a model. It works offline from then on."""
    with click.progressbar(length=100, label=f"Downloading {name}") as bar:
        local_models.download(bootstrap.tools(), name, lambda fraction: bar.update(int(100 * fraction) - bar.pos))
    click.echo(f"{name} is on this machine now.")


@models.command("delete")
@click.argument("name")
def delete_model(name: str) -> None:
    """Delete a downloaded model."""
    local_models.delete(bootstrap.tools(), name)
    click.echo(f"{name} is deleted.")


@engine.command("check")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check_engines(*, as_json: bool) -> None:
    """What each engine can do and costs, whether its provider answers and has credit left, and what others lack. Ends with 1
    where one that is set up doesn't answer."""
    tools = bootstrap.tools()
    cards = engine_cards.all_of(tools, health_checks.ask_now(tools))
    if as_json:
        click.echo(json.dumps([engine_cards.plain(card) for card in cards], indent=2))
    else:
        _tell_engines(cards)
    if any(card.report and not card.report.reachable for card in cards):
        sys.exit(1)


def _tell_engines(cards: Sequence[Card]) -> None:
    table(("ENGINE", "STATE", "CREDIT", "LANGUAGES", "LIMITS", "PRICE", "WHAT TO DO"), [_engine(card) for card in cards])
    going = [(card.offer.name, model) for card in cards for model in card.models if model.shutdown]
    if going:
        click.echo()
        table(("MODEL", "ENGINE", "ENDS", ""), [_going(name, model) for name, model in going])


def _engine(card: Card) -> tuple[str, ...]:
    offer, report = card.offer, card.report
    state = ["ready" if offer.ready else "not ready", *(["default"] if card.is_default else [])]
    if report:
        state.append("answers" if report.reachable else "doesn't answer")
    limits = [f"{card.can.max_bytes / 1e6:g} MB"] if card.can.max_bytes else []
    limits += [_length(card.can.max_seconds)] if card.can.max_seconds else []
    spoken = "any" if card.languages is None else str(len(card.languages))
    todo = offer.reason or (report.reason if report else None) or ""
    return offer.name, ", ".join(state), (report.credit if report else None) or "", spoken, ", ".join(limits), _price(card), todo


def _length(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def _price(card: Card) -> str:
    if set(card.prices) == {0}:
        return "free"
    return " to ".join(
        "not known" if price is None else f"${price:.2f}/h" for price in dict.fromkeys((card.prices[0], card.prices[-1]))
    )


def _going(engine_name: str, model: ModelCard) -> tuple[str, ...]:
    end = model.shutdown
    said = f"in {end.days_left} days" if end and not end.is_over else "it is gone"
    return model.name, engine_name, f"{end.on:%Y-%m-%d}" if end else "", said


@queue.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def queue_status(*, as_json: bool) -> None:
    """What waits, who works, how the providers are, what failed last."""
    found = backlog.look(bootstrap.tools())
    if as_json:
        click.echo(json.dumps(asdict(found), default=_plain, indent=2))
        return
    for heads, rows in _queue_tables(found):
        table(heads, rows)
        click.echo()
    ended = ", ".join(f"{count} {status}" for status, count in sorted(found.last_hour.ended.items())) or "nothing"
    click.echo(f"Ended in the last hour: {ended}; {found.last_hour.sound_seconds / 3600:.1f} h of sound.")
    click.echo(f"Shifts at work: {found.shifts}. Jobs that providers are to delete: {found.discards}.")


@queue.command("heal")
def heal_queue() -> None:
    """Look after what was lost, now, and say what was done. The scheduler does the same by itself."""
    healed = backlog.heal(bootstrap.tools())
    click.echo(f"Taken back from silent workers: {healed['reclaimed']}")
    click.echo(f"Given a new ticket: {healed['reticketed']}")
    click.echo(f"Started, since nothing of their user ran: {healed['dispatched']}")
    click.echo(f"Downloads looked after: {healed['downloads']}")


def _queue_tables(found: backlog.Backlog) -> Iterator[Table]:
    now = found.at
    yield ("TRANSCRIPTIONS", "COUNT", "OLDEST"), [(row.status, str(row.count), _age(now, row.oldest_at)) for row in found.rows]
    alive = Counter(worker.queue for worker in found.workers)
    queues = [(one.queue, str(one.tickets), _age(now, one.oldest_at), str(alive[one.queue])) for one in found.queues]
    yield ("QUEUE", "TICKETS", "OLDEST", "WORKERS"), queues
    if found.workers:
        workers = [(one.queue, _age(now, one.since), _work(one), _age(now, one.busy_since)) for one in found.workers]
        yield ("WORKER OF", "SINCE", "WORKS ON", "FOR"), workers
    if found.providers:
        yield ("PROVIDER", "IN FLIGHT", "LIMIT", "WAITING", "BREAKER", "LAST ERROR"), [_provider(one) for one in found.providers]
    if found.failures:
        heads = ("FAILED", "STATUS", "ENGINE", "AGO", "REASON")
        yield heads, [(one.transcription_id, one.status, one.engine, _age(now, one.at), one.error) for one in found.failures]


def _provider(one: backlog.Provider) -> tuple[str, ...]:
    breaker = f"open, tries in {one.waits_seconds:.0f} s" if one.is_open else "closed"
    limit = "none" if one.limit is None else str(one.limit)
    return one.engine, str(one.in_flight), limit, str(one.waiting), breaker, one.error or ""


def _work(one: AtWork) -> str:
    return " ".join(filter(None, (one.handler, one.subject))) or "waits"


def _age(now: datetime, moment: datetime | None) -> str:
    return str(timedelta(seconds=max(0, round((now - moment).total_seconds())))) if moment else ""


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@click.command("transcribe", cls=Command)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--engine", default="", help="Default: as in the dashboard.")
@click.option("--model", default="", help="One of the engine's models.")
@click.option("--language", default="", help="Such as en or fa; default: detect.")
@click.option("--format", default="txt", show_default=True, help="An export format: txt, srt, vtt, json...")
@click.option("--vocabulary", multiple=True, help="A word or name to expect; may be given many times.")
@click.option("--speakers", type=int, default=None, help="How many people speak, for engines that tell them apart.")
@with_appcontext
def transcribe(path: Path, **asked: Any) -> None:
    """Transcribe a file here and now, and print the transcript."""
    hints = Hints(asked.pop("vocabulary"), asked.pop("speakers"))
    request = Request(path, hints=hints, **asked)
    direct.transcribe(bootstrap.tools(), request, sys.stdout.buffer, _say_progress)


@click.command("prepare", cls=Command)
@with_appcontext
def prepare() -> None:
    """Bring the database up to date, and say how to get in. `make run` begins with it."""
    upgrade()
    settings = bootstrap.tools().settings
    click.echo(
        f"Open {settings.local_url} and "
        + ("log in." if members.has_any() else "create the first account: it becomes the admin.")
    )


def _say_progress(fraction: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{fraction:4.0%}", err=True, nl=fraction >= 1)
