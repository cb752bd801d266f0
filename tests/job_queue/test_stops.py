"""A real shift process and a real SDK: what a stop and a kill -9 do to calls that are under way."""

import signal
from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from tests.conftest import FIXTURES
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.provider import serving
from tests.waiting import until
from tests.workers import Start, start, tools
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes
from textor.models import Slice, Transcription
from textor.toolbox import Toolbox

__all__ = ["start", "tools"]

HEROKU_SECONDS = 30
KEY = "a-key"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def provider() -> Iterator[AssemblyAI]:
    with serving(AssemblyAI(KEY, seconds=(1, 1))) as provider:
        yield provider


@pytest.fixture
def environ(environ: dict[str, str], provider: AssemblyAI) -> dict[str, str]:
    return environ | {"LEASE_SECONDS": "3", "ASSEMBLYAI_API_KEY": KEY, "ASSEMBLYAI_BASE_URL": provider.url}


@pytest.fixture
def row_id(app: APIFlask, tools: Toolbox) -> str:
    """Alice's recording, on its way to the provider."""
    alice = factories.user("Alice")
    recording = factories.stored_recording(tools, alice, FIXTURES / "sample.flac")
    found = factories.transcription(alice, recording, engine="assemblyai").id
    lanes.dispatch(tools, alice.id)
    return found


def status(row_id: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Transcription.status).where(Transcription.id == row_id)).one()


def remote_ids() -> list[str | None]:
    db.session.rollback()
    return list(db.session.scalars(select(Slice.remote_id)))


def test_a_stop_waits_for_the_call_under_way_and_nobody_repeats_it(row_id: str, provider: AssemblyAI, start: Start) -> None:
    provider.fail(on="submit", delay=4)
    start("remote")
    process = start("shift", "--scheduler")
    until(lambda: provider.count("upload"), "the order is under way")
    process.send_signal(signal.SIGTERM)
    assert process.wait(HEROKU_SECONDS) == 0
    assert remote_ids() != [None], "what the provider took on is known"
    provider.mend()
    start("shift", "--scheduler")
    until(lambda: status(row_id) == Status.COMPLETED, "the next shift brings it home")
    assert (provider.count("upload"), provider.count("submit")) == (1, 1)


def test_a_killed_shift_costs_the_call_that_was_under_way_at_most(row_id: str, provider: AssemblyAI, start: Start) -> None:
    start("remote")
    process = start("shift", "--scheduler")
    until(lambda: any(remote_ids()), "the provider has it")
    for horse in process.children(recursive=True):
        horse.kill()
    until(lambda: status(row_id) == Status.COMPLETED, "the next shift goes on where it was")
    assert provider.count("submit") == 1
