"""Recordings through the pipeline and a shift with EBOO's engine and the emulator."""

import json
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import factories
from tests.adapters.stt.listening import samples
from tests.adapters.stt.test_eboo import TOKEN, at
from tests.conftest import FIXTURES
from tests.emulators.eboo import Eboo, status
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from tests.providers import Stage, stage
from tests.stage import alice, clock, tools
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control
from textor.job_queue import attention, slices
from textor.jobs import GuardedCrew

__all__ = ["alice", "clock", "stage", "tools"]

WORDS = [Spoken("سلام", 0.4, 1.0), Spoken("امروز", 1.0, 2.0)]


@pytest.fixture
def provider() -> Iterator[Eboo]:
    with serving(Eboo(TOKEN, script=lambda data: WORDS)) as emulator:
        yield emulator


@pytest.fixture
def eboo(stage: Stage, provider: Eboo) -> Stage:
    """A stage with EBOO as one of its engines."""
    stage.use(at(provider.url))
    return stage


def segments(stage: Stage, row_id: str) -> list[Segment]:
    return list(library.segments(stage.row(row_id)))


def test_a_recording_is_sent_as_mp3_heard_and_deleted_there(eboo: Stage, provider: Eboo) -> None:
    row_id = eboo.accept("persian.flac", engine="eboo")
    recording = eboo.row(row_id).recording
    recording.container, recording.codec = "flac", "flac"
    db.session.commit()
    eboo.advance(row_id)
    eboo.shift()
    (file,) = provider.files.values()
    assert file.name.endswith(".mp3")
    assert file.seconds == pytest.approx(eboo.row(row_id).recording.seconds, abs=0.2)
    assert eboo.until_over(60) < 60
    row, told = eboo.row(row_id), segments(eboo, row_id)
    assert (row.status, row.language, row.text) == (Status.COMPLETED, "fa", "سلام امروز")
    assert [(one.start, round(one.end, 1)) for one in told] == [(0.0, round(row.recording.seconds, 1))]
    eboo.shift(1)
    assert (len(provider.deleted), provider.files) == (1, {})


def test_a_long_recording_goes_in_pieces_whose_times_are_those_of_the_text(eboo: Stage, provider: Eboo, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.tile(samples(FIXTURES / "sample.flac"), 4).tobytes())
    row_id = eboo.upload(str(path), engine="eboo")
    assert eboo.until_over(120) < 120
    told = segments(eboo, row_id)
    times = [time for one in told for time in (one.start, one.end)]
    assert (eboo.row(row_id).status, provider.count("convert")) == (Status.COMPLETED, len(told))
    assert len(told) > 1
    assert times == sorted(times)
    assert times[-1] <= 4 * 12.45


def test_several_peoples_recordings_are_under_way_at_once(eboo: Stage, provider: Eboo) -> None:
    provider.seconds = 3600
    owners = [factories.user(f"User {n}").id for n in range(3)]
    ids = [eboo.upload("persian.flac", owner=owner, engine="eboo") for owner in owners]
    eboo.shift(1, times=4)
    assert len(provider.converted) == 3
    provider.finish()
    assert eboo.until_over(120) < 120
    assert {eboo.row(row_id).status for row_id in ids} == {Status.COMPLETED}
    assert provider.count("convert") == 3


def test_no_credit_is_said_not_tried_again_and_leaves_nothing_there(eboo: Stage, provider: Eboo) -> None:
    provider.credit = 2
    row_id = eboo.upload("persian.flac", engine="eboo")
    eboo.shift(60, times=3)
    row = eboo.row(row_id)
    assert (row.status, provider.count("convert"), provider.files) == (Status.FAILED, 1, {})
    assert row.error == "The EBOO account has no credit left. Ask the operator to top it up."


def test_a_job_that_eboo_gives_up_is_begun_anew_and_the_old_one_deleted(eboo: Stage, provider: Eboo) -> None:
    provider.fail(on="checkconvert", calls=1, body=status("ConvertFailed"))
    row_id = eboo.upload("persian.flac", engine="eboo")
    assert eboo.until_over(120) < 120
    eboo.shift(1)
    assert (eboo.row(row_id).status, provider.count("convert"), len(provider.deleted)) == (Status.COMPLETED, 2, 2)


def test_answers_nobody_understands_lose_no_text(eboo: Stage, provider: Eboo) -> None:
    provider.fail(on="checkconvert", calls=2, body="<html>")
    row_id = eboo.upload("persian.flac", engine="eboo")
    assert eboo.until_over(300, step=5) < 300
    assert (eboo.row(row_id).status, provider.count("convert")) == (Status.COMPLETED, 1)


def test_silence_is_a_text_without_words(eboo: Stage, provider: Eboo) -> None:
    provider.script = lambda data: ()
    row_id = eboo.upload("persian.flac", engine="eboo")
    assert eboo.until_over(60) < 60
    assert (eboo.row(row_id).status, segments(eboo, row_id)) == (Status.COMPLETED, [])


def test_one_that_is_cancelled_is_deleted_there(eboo: Stage, provider: Eboo) -> None:
    provider.seconds = 3600
    row_id = eboo.upload("persian.flac", engine="eboo")
    eboo.shift()
    eboo.elsewhere(lambda: control.cancel(eboo.tools, eboo.owner_id, row_id))()
    eboo.shift(1)
    assert (eboo.row(row_id).status, provider.files) == (Status.CANCELLED, {})


def test_no_token_is_kept_with_a_recording(eboo: Stage, provider: Eboo) -> None:
    provider.fail(on="convert", body=json.dumps({"Status": f"no such token: {TOKEN}"}))
    row_id = eboo.upload("persian.flac", engine="eboo")
    eboo.shift(60, times=3)
    row = eboo.row(row_id)
    assert (row.status, row.error) == (Status.FAILED, "EBOO refused this recording: no such token:.")


def test_a_shift_killed_while_it_starts_a_job_costs_no_second_one(eboo: Stage, provider: Eboo) -> None:
    row_id = eboo.upload("persian.flac", engine="eboo")
    (taken,) = slices.take(eboo.tools, attention.due(eboo.tools, "eboo", 9, starts=True))
    GuardedCrew(eboo.tools).ask(taken)  # and then the kill: nobody writes the answer
    assert eboo.until_over(120) < 120
    assert (eboo.row(row_id).status, provider.count("addfile"), provider.count("convert")) == (Status.COMPLETED, 1, 1)
