"""One chaos run from its first process to its last look."""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import exists, select, update
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos import reckoning, strikes
from tests.chaos.people import Diary, Person
from tests.chaos.rules import Breach
from tests.chaos.site import Site
from tests.chaos.strikes import Hands, Strike
from tests.chaos.watch import Watch
from textor.domain.job_states import FINAL
from textor.models import Discard, Slice
from textor.models.slices import SliceState

PEOPLE = 7
TICK_SECONDS = 0.05
HURRY_SECONDS = 3.0
CONVERGENCE_SECONDS = 120.0
MOST_TOLD = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What is run. `broken` is a kind of sabotage; `only` are the kinds of strikes, all of them if none is named."""

    database: str
    seconds: float
    seed: int
    broken: str = ""
    only: frozenset[str] = frozenset()


@dataclass
class Record:
    """What came of it."""

    wish: Wish
    plan: list[Strike]
    struck: int = 0
    accepted: int = 0
    submits: int = 0
    breaches: list[Breach] = field(default_factory=list)
    tails: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def report(self) -> str:
        """For people: the figures, and where something broke, all that is needed to look for why."""
        wish = self.wish
        lines = [f"{'BROKEN' if self.breaches else 'ok'}: {wish.database}, {wish.seconds:g} s, seed {wish.seed} {wish.broken}"]
        lines += [f"  {name}: {value}" for name, value in self.figures.items()]
        if self.breaches:
            lines += [f"  {breach.invariant}: {breach.told}" for breach in self.breaches[:MOST_TOLD]]
            lines += [f"  and {len(self.breaches) - MOST_TOLD} more"] if len(self.breaches) > MOST_TOLD else []
            lines += [f"plan so far: {'; '.join(map(str, self.plan[: self.struck]))}", self.tails]
        return "\n".join(lines)


def run(wish: Wish, home: Path) -> Record:
    """Everything is ended when this returns, whatever happens."""
    record = Record(wish, strikes.plan(wish.seed, wish.seconds, wish.database, wish.only))
    site = Site(home, wish.database, wish.broken)
    try:
        site.start()
        diary = Diary()
        watch = Watch(site.settings.database_url, site.settings.recordings_dir, diary)
        watch.start()
        _Stage(site, watch, diary, record).play()
    finally:
        site.stop()
    return record


@dataclass
class _Stage:
    site: Site
    watch: Watch
    diary: Diary
    record: Record

    def play(self) -> None:
        hands = Hands(self.site, self.watch)
        with self._people():
            self._strike(hands)
        hands.rest()
        took = self._converge()
        self.watch.close()
        statistics = httpx.get(f"{self.site.provider_url}/_stats").json()
        self.record.accepted, self.record.submits = len(self.diary.accepted), sum(statistics["submits"].values())
        self.record.breaches += self.watch.breaches
        if not self.watch.breaches:  # else it was cut short
            self.record.breaches += list(reckoning.breaches(self.watch, self.diary, statistics))
        self.record.tails = self.site.tails() if self.record.breaches else ""
        self.record.figures = self._figures(statistics) | {"came to an end in": f"{took:.1f} s"}

    @contextmanager
    def _people(self) -> Iterator[None]:
        seed = self.record.wish.seed
        everybody = [Person(n, seed, self.site.webs, self.diary, self.watch.standings) for n in range(PEOPLE)]
        for one in everybody:
            one.start()
        try:
            yield
        finally:
            for one in everybody:
                one.stop.set()
        while any(one.is_alive() for one in everybody):  # the last answers come from webs that must be up
            self.site.tend()
            time.sleep(TICK_SECONDS)

    def _strike(self, hands: Hands) -> None:
        begin = time.monotonic()
        for one in self.record.plan:
            while time.monotonic() - begin < one.at:
                self._tend(hands)
            if self.watch.breaches:
                return
            hands.strike(one)
            self.record.struck += 1
        while time.monotonic() - begin < self.record.wish.seconds and not self.watch.breaches:
            self._tend(hands)

    def _tend(self, hands: Hands) -> None:
        self.site.tend()
        hands.tend()
        time.sleep(TICK_SECONDS)

    def _converge(self) -> float:
        """Faults are over: all that is open must come to its end. Only pauses before another try are cut short."""
        begin = hurried = time.monotonic()
        while time.monotonic() - begin < CONVERGENCE_SECONDS and not self.watch.breaches and not self._is_over():
            self.site.tend()
            if time.monotonic() - hurried > HURRY_SECONDS:
                hurried = time.monotonic()
                self._hurry()
            time.sleep(TICK_SECONDS)
        return time.monotonic() - begin

    def _is_over(self) -> bool:
        view = self.watch.view
        if view.begin < time.monotonic() - 1 or any(row.status not in FINAL for row in view.rows.values()):
            return False
        with suppress(SQLAlchemyError), self.watch.engine.connect() as connection:
            return not connection.execute(select(exists(Discard.id))).scalar()
        return False

    def _hurry(self) -> None:
        now = self.site.tools.clock.now()
        with suppress(SQLAlchemyError), self.watch.engine.begin() as connection:
            connection.execute(update(Discard).values(due_at=now))
            waiting = (Slice.state == SliceState.WAITING, Slice.due_at.is_not(None))
            connection.execute(update(Slice).where(*waiting).values(due_at=now))

    def _figures(self, statistics: dict[str, Any]) -> dict[str, Any]:
        watch, record = self.watch, self.record
        again = sum(count - 1 for count in statistics["submits"].values())
        return {
            "accepted": f"{len(self.diary.accepted)}; in the end {reckoning.summary(watch.view)}",
            "deeds": dict(Counter(deed.kind for deed in self.diary.deeds)),
            "refused": dict(Counter(self.diary.refusals).most_common(5)),
            "strikes": f"{record.struck} {dict(Counter(one.kind for one in record.plan[: record.struck]))}",
            "looks": f"{watch.looks}, the database away {watch.absences} times, longest gap {watch.longest_gap:.2f} s",
            "provider": f"{sum(statistics['submits'].values())} submits, {again} of them again, "
            f"{sum(map(len, watch.kills))} calls under way at {len(watch.kills)} kills; still there: {len(statistics['kept'])}",
            "restarts": {unit.name: unit.deaths for unit in self.site.units if unit.deaths},
        }


def as_json(record: Record) -> str:
    """What a test needs of it."""
    told = {"accepted": record.accepted, "submits": record.submits, "breaches": record.breaches, "report": record.report}
    return json.dumps(told)


def end_on_signals() -> None:
    """SIGTERM as Ctrl-C, also where a shell has told it to ignore that: all processes are ended."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
