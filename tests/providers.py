"""A stage for what is with providers: users' lanes, fake providers, and shifts by the still clock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests import factories, shifts
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeRemoteEngine
from textor.adapters.stt.port import Engine
from textor.domain.job_states import OPEN
from textor.extensions import db
from textor.features.transcription import pipeline
from textor.job_queue import lanes, tickets
from textor.job_queue.crew import Crew, Terms
from textor.job_queue.shift import Shift
from textor.jobs import GuardedCrew
from textor.models import Slice, Transcription, User
from textor.toolbox import SystemClock, Toolbox


@dataclass
class Stage:
    """Alice's lane, others' as they are asked for, and providers."""

    app: APIFlask
    tools: Toolbox
    owner_id: int
    clock: FakeClock

    @property
    def provider(self) -> FakeRemoteEngine:
        engine = self.tools.engines["fake_remote"]
        assert isinstance(engine, FakeRemoteEngine)
        return engine

    def use(self, *engines: Engine, **settings: Any) -> None:
        """Other engines, beside those there are, and other settings."""
        known = {**self.tools.engines, **{engine.name: engine for engine in engines}}
        self.tools = replace(self.tools, engines=known, settings=replace(self.tools.settings, **settings))

    def upload(self, file: str = "sample.flac", *, owner: int | None = None, **values: Any) -> str:
        """A recording that is with the shift, or over."""
        row_id = self.accept(file, owner=owner, **values)
        self.advance(row_id)
        return row_id

    def accept(self, file: str = "sample.flac", *, owner: int | None = None, **values: Any) -> str:
        """A recording whose ticket is out, if it is its owner's turn."""
        user = db.session.get_one(User, owner or self.owner_id)
        recording = factories.stored_recording(self.tools, user, FIXTURES / file)
        row_id = factories.transcription(user, recording, **{"engine": "fake_remote", **values}).id
        lanes.dispatch(self.tools, user.id)
        return row_id

    def advance(self, row_id: str) -> None:
        """What a worker does with its ticket, which it takes out of its queue."""
        row = self.row(row_id)
        tickets.queue(self.tools, tickets.queue_for(self.tools, row.engine)).remove(f"t-{row_id}-{row.run_token}")
        pipeline.advance(self.tools, row_id, row.run_token)

    def row(self, row_id: str) -> Transcription:
        db.session.rollback()
        db.session.expire_all()
        return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()

    def slices(self, row_id: str) -> list[Slice]:
        row = self.row(row_id)
        return list(db.session.scalars(select(Slice).where(Slice.transcription_seq == row.seq).order_by(Slice.n)))

    def states(self, row_id: str) -> list[str]:
        return [one.state for one in self.slices(row_id)]

    def open_count(self) -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).where(Transcription.status.in_(OPEN))) or 0

    def shift(self, seconds: float = 0, times: int = 1) -> None:
        """After so many seconds, a shift does what is due; so many times."""
        for _ in range(times):
            self.clock.advance(seconds)
            shifts.work(self.tools)

    def until_over(self, seconds: float, step: float = 0.5) -> float:
        """Shifts, until nothing is open; returns the seconds that took, `seconds` at most."""
        passed = 0.0
        while self.open_count() and passed < seconds:
            self.shift(step)
            for row_id in db.session.scalars(select(Transcription.id).where(Transcription.status == "queued")).all():
                self.advance(row_id)
            passed += step
        return passed

    @contextmanager
    def real_shift(self, terms: Terms | None = None, tools: Toolbox | None = None, crew: Crew | None = None) -> Iterator[Shift]:
        """A shift at work in a thread named "shift", as another process would be; told to stop at the end."""
        tools = tools or self.tools
        terms = terms or Terms(run_seconds=60, idle_seconds=60, drain_seconds=5)
        one = Shift(tools, crew or GuardedCrew(tools), terms)
        thread = threading.Thread(target=self.elsewhere(one.run), name="shift")
        thread.start()
        try:
            yield one
        finally:
            one.stop()
            thread.join(30)
            assert not thread.is_alive()

    def elsewhere(self, work: Callable[[], object]) -> Callable[[], None]:
        """The same work with an app context, and so a connection, of its own."""

        def run() -> None:
            with self.app.app_context():
                try:
                    work()
                finally:
                    db.session.remove()

        return run

    def with_real_time(self) -> Toolbox:
        """The tools on the machine's clock."""
        return replace(self.tools, clock=SystemClock())


@pytest.fixture
def stage(app: APIFlask, tools: Toolbox, alice: User, clock: FakeClock) -> Stage:
    return Stage(app, tools, alice.id, clock)
