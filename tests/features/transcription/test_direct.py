"""A transcription on the spot."""

import io
import json
from dataclasses import dataclass, replace

import pytest

from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeEngine, FakeRemoteEngine
from textor.adapters.stt.port import Audio, Capabilities, Options
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, TooLong
from textor.features.transcription import direct
from textor.features.transcription.direct import Request
from textor.toolbox import Toolbox

SAMPLE = FIXTURES / "sample.flac"


def transcribed(tools: Toolbox, engine: str, clock: FakeClock | None = None) -> tuple[str, list[float]]:
    out, told = io.BytesIO(), list[float]()
    wait = clock.advance if clock else (lambda seconds: None)
    direct.transcribe(tools, Request(SAMPLE, engine=engine), out, told.append, wait)
    return out.getvalue().decode(), told


def test_the_transcript_is_written_and_progress_told(tools: Toolbox) -> None:
    text, told = transcribed(tools, "fake")
    assert "hello there" in text
    assert "general" in text
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


def test_silence_is_left_out(tools: Toolbox) -> None:
    fake = tools.engines["fake"]
    assert isinstance(fake, FakeEngine)
    fake.segments = (Segment(0.0, 1.0, "  "), Segment(1.0, 2.0, "spoken"))
    text, _ = transcribed(tools, "fake")
    assert len(text.splitlines()) == 1


def test_a_provider_that_takes_its_time_is_asked_until_it_is_done(tools: Toolbox, clock: FakeClock) -> None:
    began_at = clock.now()
    text, _ = transcribed(tools, "fake_remote", clock)
    remote = tools.engines["fake_remote"]
    assert isinstance(remote, FakeRemoteEngine)
    assert "general" in text
    assert remote.asked == ["remote-1", "remote-1"]
    assert (clock.now() - began_at).total_seconds() == 10


def test_an_engines_failure_is_passed_on(tools: Toolbox) -> None:
    fake = tools.engines["fake"]
    assert isinstance(fake, FakeEngine)
    fake.error = EngineError("The engine is tired. Try again tomorrow.")
    with pytest.raises(EngineError, match="tired"):
        transcribed(tools, "fake")


@dataclass
class Picky(FakeEngine):
    """Takes less than it says, and hears each piece as its length."""

    name = "picky"
    capabilities = Capabilities(runs_locally=False)
    longest: float = 3.0

    def start(self, audio: Audio, options: Options) -> Transcript:
        if audio.seconds > self.longest:
            raise TooLong("Too long.", seconds=self.longest)
        return Transcript([Segment(0.0, audio.seconds, "said")])


def picky(tools: Toolbox, longest: float) -> Toolbox:
    return replace(tools, engines={**tools.engines, "picky": Picky(longest=longest)})


def test_an_engine_that_takes_less_than_it_said_hears_smaller_pieces(tools: Toolbox) -> None:
    out = io.BytesIO()
    request = Request(FIXTURES / "monologue.flac", engine="picky", format="json")
    direct.transcribe(picky(tools, 6.0), request, out, lambda fraction: None)
    segments = json.loads(out.getvalue())["segments"]
    assert len(segments) >= 4
    assert segments[0]["start"] == 0
    assert segments[-1]["end"] == pytest.approx(json.loads(out.getvalue())["audio_duration"], abs=0.1)


def test_one_that_takes_next_to_nothing_says_so(tools: Toolbox) -> None:
    with pytest.raises(TooLong):
        transcribed(picky(tools, 0.0), "picky")


def test_no_engine_named_means_the_default_one(tools: Toolbox) -> None:
    out = io.BytesIO()
    direct.transcribe(tools, Request(SAMPLE, language="en"), out, lambda fraction: None)
    assert out.getvalue()
