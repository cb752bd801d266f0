"""AssemblyAI through its real SDK, against an emulator on loopback."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from tests.waiting import until
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.adapters.stt.port import Audio, Callback, Options, Progress, RemoteJob
from textor.domain.transcript import Segment, Transcript
from textor.errors import InvalidInput

KEY = "0123456789abcdef-a-key"
RECORDING = FIXTURES / "dialogue_stereo.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
NO_OPTIONS = Options()


@pytest.fixture
def provider() -> Iterator[AssemblyAI]:
    with serving(AssemblyAI(KEY)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: AssemblyAI) -> AssemblyAIEngine:
    return at(provider.url)


def at(url: str, *, key: str = KEY, seconds: float = 5) -> AssemblyAIEngine:
    return AssemblyAIEngine(key, url, ("universal-3-5-pro", "universal-2"), seconds)


def recording(path: Path = RECORDING, channels: int = 1) -> Audio:
    return replace(audio(FIXTURES / "silence.flac"), path=path, channels=channels)


def started(engine: AssemblyAIEngine, options: Options = NO_OPTIONS, channels: int = 1) -> RemoteJob:
    return engine.start(recording(channels=channels), options)


def heard(engine: AssemblyAIEngine, options: Options = NO_OPTIONS, channels: int = 1) -> Transcript:
    """The transcript of a provider that takes no time."""
    answer = engine.check(started(engine, options, channels), options)
    assert isinstance(answer, Transcript)
    return answer


def segments(transcript: Transcript) -> list[Segment]:
    return list(transcript.segments)


def asked(provider: AssemblyAI) -> dict[str, object]:
    """What the last job was ordered with."""
    return dict([*provider.jobs.values()][-1].asked)


def test_a_job_is_queued_then_at_work_then_a_transcript(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.seconds = (3600, 3600)
    job = started(engine)
    assert (job.poll_seconds, engine.check(job, NO_OPTIONS)) == (3, Progress(poll_seconds=3))
    provider.jobs[job.id].began -= 1800
    assert engine.check(job, NO_OPTIONS) == Progress(poll_seconds=3)
    provider.finish(job.id)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)
    assert [call.kind for call in provider.calls] == ["upload", "submit", "check", "check", "check"]


def test_the_file_arrives_as_it_is(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    started(engine)
    assert provider.submits() == {SHA256: 1}


def test_words_come_in_seconds_and_in_sentences(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.said[SHA256] = [
        Spoken("Good", 0.5, 0.9),
        Spoken("evening.", 1.0, 1.75),
        Spoken("Who", 2.0, 2.2),
        Spoken("is?", 2.2, 3),
    ]
    first, second = segments(heard(engine))
    assert (first.text, second.text, first.speaker) == ("Good evening.", "Who is?", None)
    assert (first.start, first.end, second.start) == (0.5, 1.75, 2.0)
    assert [(word.text, word.start, word.end, word.confidence) for word in first.words] == [
        ("Good", 0.5, 0.9, 0.95),
        ("evening.", 1.0, 1.75, 0.95),
    ]


def test_every_word_of_a_recording_is_heard_once(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    words = [word.text for segment in segments(heard(engine)) for word in segment.words]
    assert words == [word.text for upload in provider.uploads.values() for word in upload.words]
    assert words[0].lower() == SHA256[:8]


def test_speakers_are_told_apart_on_demand(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    transcript = heard(engine, Options(diarize=True))
    assert {segment.speaker for segment in transcript.segments} == {"A", "B"}
    assert "multichannel" not in asked(provider)


def test_the_channels_of_a_call_are_its_speakers(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    transcript = heard(engine, Options(diarize=True), channels=2)
    assert {segment.speaker for segment in transcript.segments} == {"Speaker 1", "Speaker 2"}
    assert "speaker_labels" not in asked(provider)
    starts = [segment.start for segment in segments(transcript)]
    assert starts == sorted(starts)


def test_it_is_told_how_many_speak_but_not_of_channels_that_are_told_apart(
    engine: AssemblyAIEngine, provider: AssemblyAI
) -> None:
    heard(engine, Options(language="en", diarize=True, speaker_count=3))
    assert asked(provider)["speakers_expected"] == 3
    heard(engine, Options(language="en", diarize=True, speaker_count=3), channels=2)
    assert "speakers_expected" not in asked(provider)


def test_two_channels_are_one_recording_to_who_asks_for_no_speakers(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    heard(engine, channels=2)
    assert "multichannel" not in asked(provider)


def test_people_who_speak_at_once_are_in_order(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    one = {"text": "One.", "start": 5000, "end": 6000, "confidence": 0.9, "speaker": "A", "channel": None}
    two = {**one, "text": "Two.", "start": 4000, "speaker": "B"}
    provider.extra = {"utterances": [{**one, "words": [one]}, {**two, "words": [two]}]}
    assert [(segment.text, segment.speaker) for segment in segments(heard(engine))] == [("Two.", "B"), ("One.", "A")]


@pytest.mark.parametrize(
    ("chosen", "sent"), [("en", "en"), ("en-US", "en_us"), ("fa", "fa"), ("jv", "jw"), ("zh_tw", "zh"), ("pt-br", "pt")]
)
def test_a_chosen_language_is_asked_for_in_the_providers_spelling(
    provider: AssemblyAI, engine: AssemblyAIEngine, chosen: str, sent: str
) -> None:
    heard(engine, Options(language=chosen))
    assert asked(provider)["language_code"] == sent
    assert "language_detection" not in asked(provider)


@pytest.mark.parametrize(("told", "language"), [("en_us", "en"), ("jw", "jv"), ("fa", "fa"), (None, None)])
def test_the_language_comes_back_as_an_iso_code(
    provider: AssemblyAI, engine: AssemblyAIEngine, told: str | None, language: str | None
) -> None:
    provider.extra = {"language_code": told}
    transcript = heard(engine)
    assert asked(provider)["language_detection"] is True
    assert (transcript.language, transcript.language_confidence) == (language, 0.98)


def test_models_hints_and_callback_are_passed_on(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.fail(on="webhook")
    callback = Callback("http://127.0.0.1:9/hook", "X-Textor", "a secret")
    started(engine, Options(vocabulary=("Textor", "Ada Lovelace"), callback=callback))
    wanted = asked(provider)
    assert wanted["speech_models"] == ["universal-3-5-pro", "universal-2"]
    assert wanted["keyterms_prompt"] == ["Textor", "Ada Lovelace"]
    assert (wanted["webhook_url"], wanted["webhook_auth_header_name"], wanted["webhook_auth_header_value"]) == (
        callback.url,
        callback.header,
        callback.secret,
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="tlh"), "language"),
        (Options(model="nano"), "model"),
        (Options(vocabulary=("a",) * 201), "vocabulary"),
        (Options(vocabulary=("one two three four five six seven",)), "vocabulary"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: AssemblyAI, engine: AssemblyAIEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        started(engine, options)
    assert (refused.value.field, provider.calls) == (field, [])


def test_silence_is_an_empty_transcript(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.said[SHA256] = []
    assert segments(heard(engine, Options(language="en"))) == []


def test_silence_in_an_unknown_language_is_an_empty_transcript(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    """AssemblyAI calls it an error that it can't detect the language."""
    provider.said[SHA256] = []
    assert segments(heard(engine)) == []


def test_details_and_warnings_are_kept(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.extra = {"metadata": {"warnings": [{"message": "speaker_labels is\nnot supported, see https://a.example/b."}]}}
    details = heard(engine).details
    assert (details["speech_model_used"], details["audio_duration"]) == ("universal-3-5-pro", round(audio(RECORDING).seconds))
    assert details["warnings"] == ["speaker_labels is not supported, see"]


@pytest.mark.parametrize("news", [{"speech_model": "universal-4"}, {"audio_duration": 12.7}, {"redact_pii_policies": ["new"]}])
def test_what_the_sdk_does_not_know_loses_no_transcript(
    provider: AssemblyAI, engine: AssemblyAIEngine, news: dict[str, object]
) -> None:
    provider.extra = news
    assert segments(heard(engine))


def test_a_job_is_deleted_with_its_upload_and_may_be_gone_already(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    job = started(engine)
    engine.cancel(job)
    assert (provider.deleted, provider.uploads) == ([job.id], {})
    engine.cancel(job)
    provider.lose(job.id)
    engine.cancel(job)
    assert provider.count("delete") == 3


def test_many_threads_call_at_once(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    job = started(engine)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: engine.check(job, NO_OPTIONS), range(500)))
    assert all(isinstance(answer, Transcript) for answer in answers)
    assert provider.count("check") == 500


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # Python warns since 3.12; RQ forks all the same
def test_calls_one_after_another_use_one_connection(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    job = started(engine)
    for _ in range(5):
        engine.check(job, NO_OPTIONS)
    assert provider.connections == 1
    assert [line.response for line in engine._calls._idle[os.getpid()]] == [None]  # no transcript stays in memory


def test_a_forked_child_makes_its_own_client(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    job = started(engine)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):  # a child that goes on would run the rest of the suite
            os._exit(
                0 if isinstance(engine.check(job, NO_OPTIONS), Transcript) and len(engine._calls._idle[os.getpid()]) == 1 else 1
            )
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)


def test_neither_key_nor_secret_nor_words_reach_a_log(
    provider: AssemblyAI, engine: AssemblyAIEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.fail(on="webhook")
    heard(engine, Options(callback=Callback("http://127.0.0.1:9/hook", "X-Textor", "a secret")))
    assert caplog.text
    assert not any(word in caplog.text for word in (KEY, "a secret", SHA256[:8]))


def test_the_callback_comes_with_its_header(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    """The emulator plays both sides: it takes the call on an address that its API has not."""
    provider.webhook_pause_seconds = 0.01
    job = started(engine, Options(callback=Callback(f"{provider.url}/hook", "X-Textor", "a secret")))
    until(lambda: provider.count("webhook"), "the callback came", seconds=10)
    assert provider.jobs[job.id].webhook_status == 404
