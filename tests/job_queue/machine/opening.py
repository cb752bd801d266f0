"""The world made ready for machines: a database that waits for no disk, a Redis with faults, users and their recordings."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from redis import Redis
from sqlalchemy import event

from tests import factories
from tests.fakes import FakeClock
from tests.job_queue.machine.faults import Faults
from tests.job_queue.machine.provider import WORD_SECONDS, Cupboard, Provider
from tests.job_queue.machine.world import ANCHOR, World
from textor.adapters.audio.silence import Cut
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import recutting
from textor.toolbox import Toolbox

STEPS = 20
HASTE = {"sqlite": "PRAGMA synchronous=OFF", "postgresql": "SET synchronous_commit=off"}


@contextmanager
def opened(app: APIFlask, tools: Toolbox, clock: FakeClock, users: int = 2) -> Iterator[World]:
    """A world for any number of examples."""
    _hurry()
    faults, provider = Faults(), Provider()
    frail = replace(
        tools,
        redis=faults.connect(tools.settings.redis_url),
        engines=dict(tools.engines) | {provider.name: provider},
        storage=Cupboard(tools.settings.recordings_dir),
    )
    owners, recordings = zip(*(_user(f"User{n}") for n in range(users)), strict=True)
    eye = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    logging.disable(logging.ERROR)  # what is expected here fills pages
    try:
        with eye, faults.watching(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(recutting, "cuts", _cuts)
            yield World(app, frail, _redis(tools), clock, faults, provider, eye, list(owners), list(recordings))
    finally:
        logging.disable(logging.NOTSET)


def _cuts(path: Path, whole: Cut, longest: float, **_: object) -> list[Cut]:
    """Between two words: there is no sound to look for pauses in."""
    ends = range(int(whole.start), int(whole.end), int(longest) // WORD_SECONDS * WORD_SECONDS)
    return [Cut(start, end) for start, end in pairwise([*map(float, ends), whole.end])]


def _redis(tools: Toolbox) -> Redis:
    return Redis.from_url(tools.settings.redis_url)


def _user(name: str) -> tuple[int, str]:
    owner = factories.user(name)
    recording = factories.recording(owner, seconds=3.0)
    factories.transcription(owner, recording, engine=ANCHOR, status=Status.CANCELLED)
    return owner.id, recording.id


def _hurry() -> None:
    statement = HASTE[db.engine.dialect.name]

    @event.listens_for(db.engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.execute(statement).close()
        connection.commit()

    db.session.remove()
    db.engine.dispose()


def play(machine: type[RuleBasedStateMachine], examples: int, *, is_random: bool = False, is_shrunk: bool = True) -> None:
    """Run a machine; what breaks a law is raised, and, if it is to be `is_shrunk`, in its shortest form."""
    checks: dict[str, Any] = {"suppress_health_check": list(HealthCheck), "deadline": None, "database": None}
    phases = [Phase.generate, Phase.shrink] if is_shrunk else [Phase.generate]
    known = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=not is_random,
        phases=phases,
        report_multiple_bugs=False,
        **checks,
    )
    run_state_machine_as_test(machine, settings=known)
