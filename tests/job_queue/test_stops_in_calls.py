"""A real shift process at a provider that answers in the call itself: what a stop does to such calls."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests import factories
from tests.conftest import FIXTURES
from tests.emulators.deepgram import Deepgram
from tests.emulators.provider import serving
from tests.waiting import until
from tests.workers import Start, start, tools
from textor.adapters.audio import convert, encoding
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

__all__ = ["start", "tools"]

HEROKU_SECONDS = 30
DRAIN_SECONDS = 5
PACE = 0.06  # a minute of sound takes 3.6 s, all of it 10 s
IMPATIENT_SECONDS = 1.1  # RQ takes a second signal for another one from then on
KEY = "a-key"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def provider() -> Iterator[Deepgram]:
    with serving(Deepgram(KEY, pace=PACE)) as provider:
        yield provider


@pytest.fixture
def environ(environ: dict[str, str], provider: Deepgram) -> dict[str, str]:
    ours = {"DEEPGRAM_API_KEY": KEY, "DEEPGRAM_BASE_URL": provider.url, "DRAIN_SECONDS": str(DRAIN_SECONDS), "LEASE_SECONDS": "3"}
    return environ | ours


@pytest.fixture
def row_id(app: APIFlask, tools: Toolbox, tmp_path: Path) -> str:
    """Alice's recording of three minutes, on its way to the provider, which shall tell who speaks."""
    samples = np.concatenate(list(convert.blocks(FIXTURES / "dialogue_mono.flac")))
    encoding.write([np.roll(samples, n) for n in range(6)], tmp_path / "long.flac")  # no two pieces are alike
    alice = factories.user("Alice")
    recording = factories.stored_recording(tools, alice, tmp_path / "long.flac")
    found = factories.transcription(alice, recording, engine="deepgram", diarize=True).id
    lanes.dispatch(tools, alice.id)
    return found


def status(row_id: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Transcription.status).where(Transcription.id == row_id)).one()


def count(*states: SliceState) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Slice).where(Slice.state.in_(states))) or 0


def stop_all(process: psutil.Popen) -> None:
    """As Heroku does: SIGTERM to every process at once."""
    for one in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):
            os.kill(one.pid, signal.SIGTERM)


def test_a_stop_in_the_middle_of_calls_asks_for_no_piece_twice(row_id: str, provider: Deepgram, start: Start) -> None:
    start("remote")
    process = start("shift", "--scheduler")
    until(lambda: count(SliceState.STARTING), "a call is under way")
    stop_all(process)
    again_at = time.monotonic() + IMPATIENT_SECONDS
    until(lambda: time.monotonic() > again_at, "somebody else may tell them")
    stop_all(process)
    assert process.wait(HEROKU_SECONDS) == 0
    begun, pieces = count(SliceState.COMPLETED), count(*SliceState)
    assert count(SliceState.STARTING) == 0, "what was begun is heard"
    assert 0 < begun < pieces, "and nothing new was begun"
    start("shift", "--scheduler")
    until(lambda: status(row_id) == Status.COMPLETED, "the next shift brings the rest home")
    assert provider.count("listen") == pieces
    assert set(Counter(request.sha256 for request in provider.requests).values()) == {1}
