"""Orders whose answer was lost: gone on with where the slice is started again, deleted at the provider where it never will be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.adapters.stt.test_assemblyai import KEY, at, recording
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.provider import serving
from tests.fakes import FakeClock, FakeRemoteEngine
from textor import jobs
from textor.adapters.stt.port import Held, Options, RemoteJob
from textor.errors import EngineError
from textor.extensions import db
from textor.features.transcription import orphans
from textor.features.transcription.orphans import Noted
from textor.job_queue import breakers, tickets
from textor.models import Discard, Slice, User
from textor.toolbox import Toolbox

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("app")]


@dataclass
class Listing(FakeRemoteEngine):
    """A provider with a list."""

    listed: list[Held] = field(default_factory=list)
    error_of_list: EngineError | None = None
    looks: int = 0

    name = "listing"

    def held(self) -> Sequence[Held]:
        self.looks += 1
        if self.error_of_list:
            raise self.error_of_list
        return self.listed


@pytest.fixture
def provider() -> Iterator[AssemblyAI]:
    with serving(AssemblyAI(KEY)) as emulator:
        yield emulator


@pytest.fixture
def listing() -> Listing:
    return Listing()


@pytest.fixture
def swept(tools: Toolbox, listing: Listing) -> Toolbox:
    return replace(tools, engines={**tools.engines, "listing": listing})


def slice_of(owner: User, **values: Any) -> Slice:
    row = factories.transcription(owner, engine="listing")
    one = Slice(transcription_seq=row.seq, n=0, start=0.0, end=1.0, engine="listing", **values)
    db.session.add(one)
    db.session.commit()
    return one


def discarded() -> list[tuple[str, str]]:
    return [(row.engine, row.remote_id) for row in db.session.scalars(select(Discard))]


def noted(tools: Toolbox, slice_id: int, *, is_again: bool = True) -> Noted:
    return Noted(tools, "listing", slice_id, f"piece {slice_id}", is_again)


def test_a_start_after_a_crash_goes_on_with_the_job_that_was_ordered(tools: Toolbox, provider: AssemblyAI) -> None:
    engine = at(provider.url)
    first = Options(orders=Noted(tools, "assemblyai", 7, "piece 7", is_again=False))
    lost = engine.start(recording(), first)  # and the process is killed
    found = engine.start(recording(), Options(orders=Noted(tools, "assemblyai", 7, "piece 7", is_again=True)))
    assert found == lost
    assert (len(provider.jobs), provider.count("upload")) == (1, 1)


def test_another_slices_order_is_nobody_elses(tools: Toolbox, provider: AssemblyAI) -> None:
    engine = at(provider.url)
    engine.start(recording(), Options(orders=Noted(tools, "assemblyai", 7, "piece 7", is_again=False)))
    engine.start(recording(), Options(orders=Noted(tools, "assemblyai", 8, "piece 8", is_again=True)))
    assert len(provider.jobs) == 2


def test_a_job_that_failed_there_is_not_gone_on_with(tools: Toolbox, provider: AssemblyAI) -> None:
    engine = at(provider.url)
    provider.fail(on="job", calls=1, error="Server error")
    for is_again in (False, True):
        engine.start(recording(), Options(orders=Noted(tools, "assemblyai", 7, "piece 7", is_again=is_again)))
    assert len(provider.jobs) == 2


def test_the_first_start_of_a_run_goes_on_with_nothing(tools: Toolbox) -> None:
    """What an earlier run of the same slice has ordered is being deleted."""
    noted(tools, 7).add("url")
    assert list(noted(tools, 7, is_again=False).unanswered()) == []
    assert list(noted(tools, 7).unanswered()) == ["url"]
    assert list(noted(tools, 8).unanswered()) == []


def test_other_sound_under_a_slices_old_number_goes_on_with_nothing(tools: Toolbox) -> None:
    noted(tools, 7).add("url")
    assert list(Noted(tools, "listing", 7, "another piece", is_again=True).unanswered()) == []


def test_what_is_in_its_row_is_forgotten(tools: Toolbox) -> None:
    noted(tools, 7).add("url")
    orphans.settled(tools, "listing", "")
    assert list(noted(tools, 7).unanswered()) == ["url"]
    orphans.settled(tools, "listing", "url")
    assert list(noted(tools, 7).unanswered()) == []


def test_without_redis_nothing_is_remembered_and_nothing_breaks(away: Toolbox) -> None:
    one = noted(away, 7)
    one.add("url")
    assert list(one.unanswered()) == []
    orphans.settled(away, "listing", "url")


def test_the_sweep_deletes_what_no_slice_will_ever_ask_for(swept: Toolbox, listing: Listing, alice: User) -> None:
    states = {
        "waits": slice_of(alice, state="waiting"),
        "known": slice_of(alice, state="remote", remote_id="job-known"),
        "other": slice_of(alice, state="remote", remote_id="job-77"),
        "over": slice_of(alice, state="failed"),
    }
    slice_ids = {name: one.id for name, one in states.items()} | {"gone": 10**6}
    for name, slice_id in slice_ids.items():
        noted(swept, slice_id).add(f"url-{name}")
    listing.listed = [Held(f"job-{name}", f"url-{name}") for name in slice_ids] + [Held("job-theirs", "url-theirs")]
    assert orphans.sweep(swept) == 3
    assert sorted(discarded()) == [("listing", f"job-{name}") for name in ("gone", "other", "over")]
    assert list(noted(swept, slice_ids["waits"]).unanswered()) == ["url-waits"]
    assert all(not noted(swept, slice_ids[name]).unanswered() for name in ("known", "other", "over", "gone"))
    assert orphans.sweep(swept) == 0
    assert len(discarded()) == 3


def test_where_nothing_is_open_nobody_is_asked(swept: Toolbox, listing: Listing) -> None:
    assert orphans.sweep(swept) == 0
    assert listing.looks == 0
    orphans.hand_out(swept)
    assert tickets.waiting(swept, orphans.QUEUE) == []


def test_a_provider_that_is_away_is_asked_later(swept: Toolbox, listing: Listing, clock: FakeClock) -> None:
    noted(swept, 10**6).add("url")
    listing.listed = [Held("job", "url")]
    listing.error_of_list = EngineError("Away.", retryable=True, retry_after=60)
    assert [orphans.sweep(swept), orphans.sweep(swept)] == [0, 0]
    assert listing.looks == 1
    assert breakers.is_open(swept, "listing")
    clock.advance(3600)
    listing.error_of_list = None
    assert orphans.sweep(swept) == 1
    assert not breakers.is_open(swept, "listing")


def test_orders_are_remembered_for_two_days(swept: Toolbox, listing: Listing, clock: FakeClock) -> None:
    noted(swept, 7).add("url")
    clock.advance(orphans.KEPT_SECONDS + 1)
    orphans.sweep(swept)
    assert list(noted(swept, 7).unanswered()) == []


def test_it_runs_by_the_clock(swept: Toolbox) -> None:
    noted(swept, 7).add("url")
    periodic = next(one for one in jobs.PERIODIC if one.name == "orders")
    periodic.work(swept)
    assert tickets.waiting(swept, orphans.QUEUE) == ["sweep-orders"]
    assert jobs.HANDLERS["sweep_orders"].work is orphans.sweep
    assert periodic.seconds == 3600


def test_assemblyais_list_tells_uploads_and_failures(provider: AssemblyAI) -> None:
    engine = at(provider.url)
    provider.fail(on="job", calls=1, error="Server error")
    jobs_there = [engine.start(recording(), Options()) for _ in range(2)]
    assert all(isinstance(job, RemoteJob) for job in jobs_there)
    assert engine.held() == [
        Held(job.id, job.reference, is_failed) for job, is_failed in zip(reversed(jobs_there), (False, True), strict=True)
    ]
