"""Recordings through the pipeline and a shift with OpenAI's engine, its real SDK and the emulator."""

import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.adapters.stt.listening import samples
from tests.adapters.stt.test_openai import KEY, at
from tests.conftest import FIXTURES
from tests.emulators.openai import OpenAI
from tests.emulators.openai_answers import Voice
from tests.emulators.provider import serving
from tests.providers import Stage, stage
from tests.stage import alice, clock, tools
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.features.recordings import library

__all__ = ["alice", "clock", "stage", "tools"]

REPEATS = 4
LONG_SECONDS = REPEATS * 12.45


@pytest.fixture
def provider() -> Iterator[OpenAI]:
    with serving(OpenAI(KEY)) as emulator:
        yield emulator


@pytest.fixture
def openai(stage: Stage, provider: OpenAI) -> Stage:
    """A stage with OpenAI as one of its engines."""
    stage.use(at(provider.url))
    return stage


@pytest.fixture
def long(tmp_path: Path) -> str:
    """Somebody who speaks for 50 seconds, with pauses."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.tile(samples(FIXTURES / "sample.flac"), REPEATS).tobytes())
    return str(path)


def segments(stage: Stage, row_id: str) -> list[Segment]:
    return list(library.segments(stage.row(row_id)))


def assert_in_order(told: list[Segment], seconds: float) -> None:
    """They follow each other inside of the recording."""
    times = [time for one in told for time in (one.start, one.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= seconds


def test_a_recording_is_heard_with_one_call_and_keeps_the_times_of_its_words(openai: Stage, provider: OpenAI) -> None:
    row_id = openai.upload(engine="openai", model="whisper-1")
    openai.shift()
    row, told = openai.row(row_id), segments(openai, row_id)
    (call,) = provider.heard
    assert (row.status, row.language, row.remote_id) == (Status.COMPLETED, "en", None)
    assert " ".join(one.text for one in told) == " ".join(word.text for word in call.words)
    assert [(word.start, word.end) for one in told for word in one.words] == [
        (round(word.start, 2), round(word.end, 2)) for word in call.words
    ]
    assert (call.file_name, call.mime, call.seconds) == ("audio.flac", "audio/flac", 12.45)


def test_a_model_of_text_alone_gets_short_pieces_whose_times_are_those_of_the_text(
    openai: Stage, provider: OpenAI, long: str
) -> None:
    row_id = openai.upload(long, engine="openai")
    assert openai.until_over(60) < 60
    row, told = openai.row(row_id), segments(openai, row_id)
    assert row.status == Status.COMPLETED
    assert len(provider.heard) == len(told) > 1
    assert max(call.seconds for call in provider.heard) <= 30
    assert {call.response_format for call in provider.heard} == {"json"}
    assert not any(one.words for one in told)
    assert_in_order(told, LONG_SECONDS)


def test_a_host_of_text_alone_that_nobody_knew_is_found_out_and_gets_short_pieces(stage: Stage, long: str) -> None:
    with serving(OpenAI(KEY, models={"parakeet": Voice(("json", "text"))})) as host:
        stage.use(at(host.url, model="parakeet", is_openai=False))
        row_id = stage.upload(long, engine="openai", model="parakeet")
        assert stage.until_over(60) < 60
    told = segments(stage, row_id)
    assert (stage.row(row_id).status, len(told)) == (Status.COMPLETED, len(host.heard))
    assert max(call.seconds for call in host.heard) <= 31.1
    assert [call.status for call in host.calls].count(400) == 1
    assert_in_order(told, LONG_SECONDS)


def test_silence_is_a_text_without_words(openai: Stage, provider: OpenAI) -> None:
    provider.script = lambda data: ()
    row_id = openai.upload(engine="openai")
    openai.shift()
    assert (openai.row(row_id).status, segments(openai, row_id)) == (Status.COMPLETED, [])


def test_speakers_get_labels(openai: Stage, provider: OpenAI) -> None:
    row_id = openai.upload("dialogue_mono.flac", engine="openai", model="gpt-4o-transcribe-diarize", diarize=True)
    openai.shift()
    assert {one.speaker for one in segments(openai, row_id)} == {"A", "B"}
    assert provider.heard[0].response_format == "diarized_json"


def test_a_call_of_two_channels_is_heard_channel_by_channel(openai: Stage, provider: OpenAI) -> None:
    """Whoever speaks on a channel needs no telling apart there."""
    row_id = openai.upload("dialogue_stereo.flac", engine="openai", model="whisper-1", diarize=True)
    assert openai.until_over(60) < 60
    assert (openai.row(row_id).status, len(provider.heard)) == (Status.COMPLETED, 2)
    assert len({one.speaker for one in segments(openai, row_id)}) == 2


def test_a_provider_that_is_busy_is_asked_again_and_pays_once(openai: Stage, provider: OpenAI) -> None:
    provider.fail(on="transcribe", calls=2, status=429, retry_after=20)
    row_id = openai.upload(engine="openai", model="whisper-1")
    assert openai.until_over(15) >= 15
    assert openai.until_over(300, step=5) < 300
    assert (openai.row(row_id).status, len(provider.heard)) == (Status.COMPLETED, 1)


def test_no_credit_is_said_and_not_tried_again(openai: Stage, provider: OpenAI) -> None:
    provider.fail(on="transcribe", status=429, body='{"error": {"code": "insufficient_quota", "message": "Quota"}}')
    row_id = openai.upload(engine="openai")
    openai.shift(60, times=3)
    row = openai.row(row_id)
    assert (row.status, provider.count("transcribe")) == (Status.FAILED, 1)
    assert "The account at OpenAI has no credit left" in (row.error or "")


def test_another_engine_goes_on_where_there_is_no_credit(openai: Stage, provider: OpenAI) -> None:
    openai.tools = replace(openai.tools, settings=replace(openai.tools.settings, failover_engines=("fake_remote",)))
    provider.fail(on="transcribe", status=402, body="{}")
    row_id = openai.upload(engine="openai")
    assert openai.until_over(60) < 60
    row = openai.row(row_id)
    assert (row.status, row.engine) == (Status.COMPLETED, "fake_remote")
