"""Vira against an emulator on loopback."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from tests.emulators.vira import Vira
from textor import settings as settings_module
from textor.adapters.stt.port import Audio, Options, Progress, RemoteJob
from textor.adapters.stt.vira import ViraEngine
from textor.domain.transcript import Segment, Transcript
from textor.errors import InvalidInput

TOKEN = "0123456789abcdef-a-token"
RECORDING = FIXTURES / "persian.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
NO_OPTIONS = Options()


@pytest.fixture
def provider() -> Iterator[Vira]:
    with serving(Vira(TOKEN)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: Vira) -> ViraEngine:
    return at(provider.url)


def at(url: str, *, token: str = TOKEN, seconds: float = 30) -> ViraEngine:
    return ViraEngine(token, url, seconds, seconds)


def recording(path: Path = RECORDING) -> Audio:
    return replace(audio(FIXTURES / "silence.flac"), path=path)


def heard(engine: ViraEngine, options: Options = NO_OPTIONS) -> Transcript:
    """The transcript of a provider that takes no time."""
    answer = engine.start(recording(), options)
    assert isinstance(answer, Transcript)
    return answer


def segments(transcript: Transcript) -> list[Segment]:
    return list(transcript.segments)


def asked(provider: Vira) -> dict[str, list[str]]:
    """The fields of the last request."""
    return {name: list(values) for name, values in [*provider.jobs.values()][-1].asked.items()}


def test_a_recording_is_answered_at_once_with_all_that_is_said(provider: Vira, engine: ViraEngine) -> None:
    transcript = heard(engine)
    (job,) = provider.jobs.values()
    assert " ".join(segment.text for segment in transcript.segments) == " ".join(word.text for word in job.words)
    assert (transcript.language, transcript.details) == ("fa", {"units": round(job.seconds)})
    assert [call.kind for call in provider.calls] == ["request"]


def test_the_file_arrives_as_it_is_under_a_name_that_fits_it(provider: Vira, engine: ViraEngine) -> None:
    heard(engine)
    (job,) = provider.jobs.values()
    assert (job.sha256, job.filename) == (SHA256, "audio.flac")


def test_all_fields_are_text(provider: Vira, engine: ViraEngine) -> None:
    heard(engine)
    assert asked(provider) == {
        "model": ["default"],
        "language": ["fa"],
        "srt": ["false"],
        "timestamp": ["true"],
        "inverseNormalizer": ["false"],
        "spokenPunctuation": ["false"],
        "punctuation": ["true"],
        "diarize": ["false"],
        "numSpeakers": ["0"],
    }


def test_model_hints_and_speakers_are_passed_on(provider: Vira, engine: ViraEngine) -> None:
    heard(engine, Options(model="telephony", vocabulary=("تکستور", "آدا"), diarize=True, speaker_count=2, language="fa"))
    wanted = asked(provider)
    assert (wanted["model"], wanted["diarize"], wanted["numSpeakers"]) == (["telephony"], ["true"], ["2"])
    assert wanted["hotwords[]"] == ["تکستور", "آدا"]


def test_times_come_where_they_are_told(provider: Vira, engine: ViraEngine) -> None:
    provider.said[SHA256] = [Spoken("Good", 0.5, 0.9), Spoken("evening.", 1.0, 1.75), Spoken("Who?", 2.0, 2.2)]
    first, second = segments(heard(engine))
    assert (first.text, first.start, first.end, first.speaker, first.words) == ("Good evening.", 0.5, 1.75, None, ())
    assert (second.text, second.start) == ("Who?", 2.0)


def test_speakers_are_told_apart_on_demand(engine: ViraEngine) -> None:
    assert {segment.speaker for segment in heard(engine, Options(diarize=True)).segments} == {"Speaker 1", "Speaker 2"}


def test_without_times_a_text_lasts_as_long_as_its_piece_may(provider: Vira, engine: ViraEngine) -> None:
    provider.tells_times = False
    (one,) = segments(heard(engine))
    (job,) = provider.jobs.values()
    assert (one.start, one.end, one.text) == (0, 300, " ".join(word.text for word in job.words))


@pytest.mark.parametrize(
    "told",
    [
        [{"text": "سلام", "start": 0, "end": 2000}, {"text": "دنیا", "start": 2000, "end": 4000}],  # milliseconds
        [{"text": "سلام", "start": 5, "end": 2}],
        [{"text": "سلام", "start": "soon", "end": 2}],
        [{"text": "سلام", "start": 0, "end": None}],
        [{"text": "سلام", "start": float("nan"), "end": 2}],
        [{"text": 5, "start": 0, "end": 2}],
        ["سلام"],
        "سلام",
        {"text": "سلام"},
        None,
    ],
)
def test_times_that_cannot_be_understood_are_none(provider: Vira, engine: ViraEngine, told: object) -> None:
    provider.extra = {"result": {"text": "سلام دنیا"}, "segments": told}
    assert segments(heard(engine)) == [Segment(0, 300, "سلام دنیا")]


@pytest.mark.parametrize(
    ("label", "speaker"), [(1, "Speaker 2"), ("A", "A"), (" ", None), (None, None), (True, None), ([], None)]
)
def test_a_speaker_is_a_number_or_a_name(provider: Vira, engine: ViraEngine, label: object, speaker: str | None) -> None:
    provider.extra = {"segments": [{"text": "سلام", "start": 0, "end": 2, "speaker": label}]}
    assert [segment.speaker for segment in segments(heard(engine))] == [speaker]


@pytest.mark.parametrize(
    "data",
    [
        {"text": "سلام دنیا"},
        {"status": "success", "data": {"text": " سلام دنیا\n"}},
        {"data": {"aiResponse": {"segments": [{"text": "سلام"}, {"text": "دنیا "}]}}},
        {"data": {"aiResponse": {"result": {"text": "سلام دنیا"}, "segments": []}}},
    ],
)
def test_the_text_is_found_where_it_has_been_seen(provider: Vira, engine: ViraEngine, data: dict[str, Any]) -> None:
    import json

    provider.fail(on="request", body=json.dumps({"data": data}))
    assert [segment.text for segment in segments(heard(engine))] == ["سلام دنیا"]


def test_a_recording_that_takes_time_is_a_job(provider: Vira, engine: ViraEngine) -> None:
    provider.seconds = 3600
    job = engine.start(recording(), NO_OPTIONS)
    assert isinstance(job, RemoteJob)
    assert (list(provider.jobs), job.poll_seconds) == ([job.id], 4)
    assert engine.check(job, NO_OPTIONS) == Progress(poll_seconds=4)
    provider.finish(job.id)
    answer = engine.check(job, NO_OPTIONS)
    assert isinstance(answer, Transcript)
    assert segments(answer)
    assert [call.kind for call in provider.calls] == ["request", "result", "result"]


@pytest.mark.parametrize("state", ["pending", "processing", "queued", "PENDING"])
@pytest.mark.parametrize(
    "place", ['"id": "7"', '"requestId": "7"', '"id": 7', '"data": {"id": "7"}', '"id": "7", "text": "half of"']
)
def test_what_is_under_way_is_known_by_its_id(provider: Vira, engine: ViraEngine, state: str, place: str) -> None:
    provider.fail(on="request", body=f'{{"data": {{"status": "{state}", {place}}}}}')
    job = engine.start(recording(), NO_OPTIONS)
    assert isinstance(job, RemoteJob)
    assert job.id == "7"


def test_silence_is_an_empty_transcript(provider: Vira, engine: ViraEngine) -> None:
    provider.said[SHA256] = []
    assert segments(heard(engine)) == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="en"), "language"),
        (Options(model="nova-3"), "model"),
        (Options(vocabulary=("a" * 101,)), "vocabulary"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: Vira, engine: ViraEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        engine.start(recording(), options)
    assert (refused.value.field, provider.calls) == (field, [])


def test_it_is_ready_with_a_token_and_says_what_to_set_without(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "VIRA_TOKEN": TOKEN, "VIRA_BASE_URL": "https://vira.example"}
    engine = ViraEngine.from_settings(settings_module.load(environ))
    assert (engine.availability().ready, engine.base_url) == (True, "https://vira.example")
    assert TOKEN not in repr(engine)
    without = ViraEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)}))
    assert (without.availability().reason, without.base_url) == ("Set VIRA_TOKEN to use Vira.", "https://partai.gw.isahab.ir")


def test_health_asks_for_nothing_that_costs(provider: Vira, engine: ViraEngine) -> None:
    state = engine.health()
    assert (state.reachable, state.reason, state.credit) == (True, None, None)
    assert [call.kind for call in provider.calls] == ["result"]


def test_a_job_that_is_cancelled_is_left_there_since_vira_deletes_none(provider: Vira, engine: ViraEngine) -> None:
    engine.cancel(RemoteJob("7"))
    assert provider.calls == []


def test_traces_are_logged_for_who_looks_for_them_and_neither_token_nor_words(
    provider: Vira, engine: ViraEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard(engine, Options(vocabulary=("a-secret-name",)))
    (job,) = provider.jobs.values()
    assert [record.levelname for record in caplog.records if job.id in record.getMessage()] == ["DEBUG"]
    assert not any(word in caplog.text for word in (TOKEN, "a-secret-name", SHA256[:8]))
