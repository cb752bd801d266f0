"""How long a piece a provider gets that answers in the call itself: so long that a stop can wait for its answer."""

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import FIXTURES
from tests.fakes import FakeEngine, prompt_engine
from tests.providers import Stage, stage
from textor.adapters.audio import convert, encoding
from textor.adapters.stt.port import PCM_RATE, Audio, Options
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.features.recordings import library
from textor.features.transcription import answering
from textor.toolbox import Toolbox

__all__ = ["stage"]


def telling() -> FakeEngine:
    """One that tells speakers apart, and the sides of a call."""
    engine = prompt_engine(speakers=True, channels=True)
    engine.segments = (Segment(0.5, 1.0, "hello", speaker="A"),)
    return engine


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> str:
    """296 seconds, with a pause in every thirty."""
    path = tmp_path_factory.mktemp("long") / "long.flac"
    encoding.write([np.concatenate(list(convert.blocks(FIXTURES / "dialogue_mono.flac")))] * 10, path)
    return str(path)


def long_call(folder: Path) -> str:
    """118 seconds of two sides."""
    sides = [np.concatenate(list(convert.blocks(FIXTURES / "dialogue_stereo.flac", channel=side))) for side in (0, 1)]
    with wave.open(str(folder / "call.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(PCM_RATE)
        file.writeframes(np.stack(sides, axis=1).tobytes() * 4)
    return str(folder / "call.wav")


def measured(tools: Toolbox, pace: float, model: str | None = None) -> None:
    """The provider has answered three times, at that pace."""
    for seconds in (40, 60, 200):
        answering.heard(tools, "prompt", model, seconds, seconds * pace)


def lengths(stage: Stage, row_id: str) -> list[float]:
    return [one.end - one.start for one in stage.slices(row_id)]


def test_as_long_as_nothing_is_measured_a_slow_provider_is_assumed(stage: Stage) -> None:
    assert answering.longest_seconds(stage.tools, "prompt", None) == 180
    stage.use(drain_seconds=120)
    assert answering.longest_seconds(stage.tools, "prompt", None) == 1200


@pytest.mark.parametrize(("pace", "longest"), [(0.01, 900), (0.1, 90), (0.5, 60)])
def test_nine_in_ten_answers_take_half_of_what_a_stop_waits(stage: Stage, pace: float, longest: float) -> None:
    measured(stage.tools, pace)
    assert answering.longest_seconds(stage.tools, "prompt", None) == pytest.approx(longest)


def test_the_slow_answers_count(stage: Stage) -> None:
    measured(stage.tools, 0.01)
    answering.heard(stage.tools, "prompt", None, 100, 20)
    assert answering.longest_seconds(stage.tools, "prompt", None) < 180


def test_what_was_long_ago_is_forgotten(stage: Stage) -> None:
    for _ in range(3):
        measured(stage.tools, 0.5)
    for _ in range(answering.SAMPLES):
        answering.heard(stage.tools, "prompt", None, 60, 0.6)
    assert answering.longest_seconds(stage.tools, "prompt", None) == pytest.approx(900)


def test_each_model_is_measured_by_itself_and_short_sound_not_at_all(stage: Stage) -> None:
    measured(stage.tools, 0.01, model="large")
    for _ in range(3):
        answering.heard(stage.tools, "prompt", None, 2, 2)
    assert answering.longest_seconds(stage.tools, "prompt", "large") == pytest.approx(900)
    assert answering.longest_seconds(stage.tools, "prompt", None) == 180


def test_without_redis_a_slow_provider_is_assumed(away: Toolbox) -> None:
    answering.heard(away, "prompt", None, 60, 1)
    assert answering.longest_seconds(away, "prompt", None) == 180


def test_a_long_recording_goes_in_pieces_that_are_answered_in_time(stage: Stage, long: str) -> None:
    stage.use(prompt_engine())
    row_id = stage.upload(long, engine="prompt")
    pieces = lengths(stage, row_id)
    assert len(pieces) == 2
    assert all(60 <= piece <= 180 for piece in pieces)


def test_a_provider_that_was_measured_to_be_quick_gets_it_whole_and_as_it_is(stage: Stage, long: str) -> None:
    stage.use(prompt_engine())
    measured(stage.tools, 0.02)
    row_id = stage.upload(long, engine="prompt")
    assert [one.storage_key for one in stage.slices(row_id)] == [None]


class Renaming(FakeEngine):
    """Hears one voice from end to end, and calls it something else in each piece."""

    name = "prompt"
    capabilities = telling().capabilities

    def start(self, audio: Audio, options: Options) -> Transcript:
        label = chr(ord("A") + len(self.heard))
        self.heard.append(options)
        lines = [Segment(n, n + 1, f"at {n}", speaker=label) for n in range(int(audio.seconds))]
        return Transcript(lines, language="en")


def test_one_whose_speakers_are_wanted_goes_in_pieces_that_know_each_other(stage: Stage, long: str) -> None:
    engine = Renaming()
    stage.use(engine)
    row_id = stage.upload(long, engine="prompt", diarize=True)
    first, *others = stage.slices(row_id)
    assert others
    assert first.overlap == 0
    assert all(30 <= one.overlap < 34 and one.end - one.start <= 180 for one in others)
    stage.until_over(10)
    assert len(engine.heard) == 1 + len(others)
    assert {segment.speaker for segment in library.segments(stage.row(row_id))} == {"A"}


def test_the_sides_of_a_long_call_go_in_pieces_and_stay_the_same_speakers(stage: Stage, tmp_path: Path) -> None:
    stage.use(telling(), drain_seconds=1)
    row_id = stage.upload(long_call(tmp_path), engine="prompt", diarize=True)
    assert max(lengths(stage, row_id)) <= 60
    stage.until_over(10)
    assert {segment.speaker for segment in library.segments(stage.row(row_id))} == {"Speaker 1", "Speaker 2"}


def test_answers_are_measured_as_they_come(stage: Stage) -> None:
    stage.use(prompt_engine())
    for _ in range(3):
        row_id = stage.upload("dialogue_mono.flac", engine="prompt")
        stage.until_over(10)
        assert stage.row(row_id).status == Status.COMPLETED
    assert answering.longest_seconds(stage.tools, "prompt", None) > 180


def test_one_that_takes_jobs_on_gets_long_recordings_whole(stage: Stage, long: str) -> None:
    row_id = stage.upload(long)
    assert len(stage.slices(row_id)) == 1
