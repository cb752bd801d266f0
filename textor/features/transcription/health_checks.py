"""How providers are right now: whether they answer, take the key, and what credit is left there.

An operator's command asks at once. A page shows what was said last, and asks again at most once a minute for everybody together:
each question is a call to the provider.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Thread
from time import monotonic
from typing import Any

from redis.exceptions import RedisError

from textor.adapters.stt.port import Engine, Health
from textor.errors import Unavailable
from textor.extensions import db
from textor.toolbox import Toolbox

PATIENCE_SECONDS = 10.0
"""For all providers together."""
FRESH = timedelta(seconds=60)
KEPT = timedelta(days=7)

SILENT = "It did not answer within %d seconds."


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider said, and when."""

    reachable: bool
    reason: str | None
    credit: str | None
    at: datetime


def ask(engines: Collection[Engine], patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Health]:
    """Ask all at the same time. One that does not answer in time is told so, and left to itself."""
    answers: dict[str, Health] = {}
    threads = [Thread(target=_ask, args=(engine, answers), daemon=True, name=f"health-{engine.name}") for engine in engines]
    deadline = monotonic() + patience_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
    silent = Health(reachable=False, reason=SILENT % patience_seconds)
    return {engine.name: answers.get(engine.name, silent) for engine in engines}


def ask_now(tools: Toolbox) -> dict[str, Report]:
    """What every provider that is set up says now. Takes as long as the slowest, ten seconds at most."""
    return _reports(tools, list(_providers(tools).values()))


def latest(tools: Toolbox) -> dict[str, Report]:
    """What each provider said last, by engine. Redis away: nothing."""
    names = list(_providers(tools))
    try:
        kept: Any = tools.redis.mget([_key(name) for name in names]) if names else []
    except RedisError:
        return {}
    return {name: _report(packed) for name, packed in zip(names, kept, strict=True) if packed}


def renew(tools: Toolbox) -> dict[str, Report]:
    """Ask those again that nobody has asked for a minute, and tell what all have said. One that somebody else is asking now is
    left to them. Raises Unavailable."""
    db.session.rollback()  # nobody holds a connection while providers think
    now, known = tools.clock.now(), latest(tools)
    due = {name: one for name, one in _providers(tools).items() if name not in known or now - known[name].at >= FRESH}
    try:
        mine = [
            engine for name, engine in due.items() if tools.redis.set(_turn(name), 1, nx=True, ex=round(2 * PATIENCE_SECONDS))
        ]
        for name, report in _reports(tools, mine).items():
            tools.redis.set(_key(name), json.dumps({**asdict(report), "at": report.at.isoformat()}), ex=KEPT)
            tools.redis.delete(_turn(name))
    except RedisError as error:
        raise Unavailable("The providers can't be asked now: Redis does not answer. Try again in a moment.") from error
    return latest(tools)


def _ask(engine: Engine, answers: dict[str, Health]) -> None:
    answers[engine.name] = engine.health()


def _reports(tools: Toolbox, engines: Collection[Engine]) -> dict[str, Report]:
    now = tools.clock.now()
    return {name: Report(said.reachable, said.reason, said.credit, now) for name, said in ask(engines).items()}


def _providers(tools: Toolbox) -> Mapping[str, Engine]:
    """Those that are set up: the others have nobody to ask, or no key to ask with."""
    return {name: one for name, one in tools.engines.items() if not one.can().runs_locally and one.availability().ready}


def _report(packed: bytes) -> Report:
    told = json.loads(packed)
    return Report(told["reachable"], told["reason"], told["credit"], datetime.fromisoformat(told["at"]))


def _key(engine: str) -> str:
    return f"textor:health:{engine}"


def _turn(engine: str) -> str:
    return f"textor:health:asking:{engine}"
