"""A real shift process in the middle of a paid call while Redis is away: it has nothing to do with the call."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask

from tests import factories
from tests.conftest import FIXTURES
from tests.emulators.deepgram import Deepgram
from tests.emulators.provider import serving
from tests.waiting import until
from tests.workers import Start, start, tools
from textor import embedded_redis
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

__all__ = ["start", "tools"]

KEY = "a-key"
PACE = 0.2  # half a minute of sound takes six seconds
AWAY_SECONDS = 3
"""Longer than workers go without telling Redis how long they have worked: a fifth of a lease, or a second."""

pytestmark = pytest.mark.timeout(240)


class Site:
    """A Redis that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded_redis.start(folder)

    def restart(self, after_seconds: float) -> None:
        self.server.stop()
        again_at = time.monotonic() + after_seconds
        until(lambda: time.monotonic() > again_at, "it was away for long enough")
        self.server = embedded_redis.start(self.folder)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = Site(tmp_path_factory.mktemp("r"))
    yield found
    found.server.stop()


@pytest.fixture
def provider() -> Iterator[Deepgram]:
    with serving(Deepgram(KEY, pace=PACE)) as provider:
        yield provider


@pytest.fixture
def environ(environ: dict[str, str], provider: Deepgram, site: Site) -> dict[str, str]:
    ours = {"DEEPGRAM_API_KEY": KEY, "DEEPGRAM_BASE_URL": provider.url, "LEASE_SECONDS": "3", "REDIS_URL": site.server.url}
    return environ | ours


def is_(state: str, of: type[Transcription] | type[Slice]) -> bool:
    db.session.rollback()
    return db.session.query(of).filter_by(**{"status" if of is Transcription else "state": state}).count() == 1


def test_redis_away_ends_no_worker_in_the_middle_of_a_call(
    app: APIFlask, tools: Toolbox, start: Start, provider: Deepgram, site: Site
) -> None:
    alice = factories.user("Alice")
    factories.transcription(alice, factories.stored_recording(tools, alice, FIXTURES / "dialogue_mono.flac"), engine="deepgram")
    lanes.dispatch(tools, alice.id)
    start("remote")
    start("shift", "--scheduler")
    until(lambda: is_(SliceState.STARTING, Slice), "a call is under way")
    site.restart(AWAY_SECONDS)
    until(lambda: is_(Status.COMPLETED, Transcription), "it is heard")
    assert provider.count("listen") == 1
