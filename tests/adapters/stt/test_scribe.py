"""Scribe through Textor's HTTP, against an emulator of MetisAI on loopback."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.provider import serving
from tests.emulators.scribe import Scribe
from textor import settings as settings_module
from textor.adapters.stt import scribe_languages
from textor.adapters.stt.port import Audio, Health, Options, Progress, RemoteJob
from textor.adapters.stt.scribe import ScribeEngine
from textor.domain import languages
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, InvalidInput

KEY = "0123456789abcdef-a-key"
RECORDING = FIXTURES / "dialogue_stereo.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
NO_OPTIONS = Options()


@pytest.fixture
def provider() -> Iterator[Scribe]:
    with serving(Scribe(KEY)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: Scribe) -> ScribeEngine:
    return at(provider.url)


def at(url: str, *, key: str = KEY, seconds: float = 5) -> ScribeEngine:
    return ScribeEngine(key, url, seconds)


def recording(path: Path = RECORDING) -> Audio:
    return replace(audio(FIXTURES / "silence.flac"), path=path)


def started(engine: ScribeEngine, options: Options = NO_OPTIONS) -> RemoteJob:
    return engine.start(recording(), options)


def heard(engine: ScribeEngine, options: Options = NO_OPTIONS) -> Transcript:
    """The transcript of a provider that takes no time."""
    answer = engine.check(started(engine, options), options)
    assert isinstance(answer, Transcript)
    return answer


def segments(transcript: Transcript) -> list[Segment]:
    return list(transcript.segments)


def test_a_job_is_queued_then_runs_then_a_transcript(provider: Scribe, engine: ScribeEngine) -> None:
    provider.seconds = 1000
    job = started(engine)
    seen = [engine.check(job, NO_OPTIONS)]
    for passed in (200, 500):
        provider.jobs[job.id].began -= passed
        provider.jobs[job.id].ends -= passed
        seen.append(engine.check(job, NO_OPTIONS))
    assert seen == [Progress(poll_seconds=5), Progress(poll_seconds=5), Progress(0.4, poll_seconds=5)]
    provider.finish(job.id)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)
    assert [call.kind for call in provider.calls] == ["upload", "submit", *["check"] * 4]


def test_the_file_arrives_as_it_is_and_its_name_tells_nothing_but_its_kind(provider: Scribe, engine: ScribeEngine) -> None:
    started(engine)
    assert provider.submits() == {SHA256: 1}
    assert all(url.endswith("-recording.flac") for url in provider.uploads)


def test_the_recording_is_named_under_every_name_that_may_be_the_right_one(provider: Scribe, engine: ScribeEngine) -> None:
    job = started(engine)
    (url,) = provider.uploads
    assert provider.jobs[job.id].asked == {
        "model": {"name": "elevenlabs", "model": "scribe_v1"},
        "operation": "STT",
        "args": dict.fromkeys(["url", "audio_url", "file", "audio", "source", "file_url"], url),
    }


@pytest.mark.parametrize(("chosen", "sent"), [("fa", "fa"), ("en-US", "en"), ("tl", "fil")])
def test_a_chosen_language_is_asked_for(provider: Scribe, engine: ScribeEngine, chosen: str, sent: str) -> None:
    args = provider.jobs[started(engine, Options(language=chosen)).id].asked["args"]
    assert (args["language"], args["language_code"]) == (sent, sent)


def test_whoever_has_the_text_gets_no_key(provider: Scribe, engine: ScribeEngine) -> None:
    provider.delivers = "plain"
    heard(engine)
    assert [name.lower() for name in provider.fetched_with[0]].count("authorization") == 0
    assert len(provider.fetched_with) == 1


def test_its_languages_are_known_to_textor() -> None:
    known = ScribeEngine.capabilities.languages or frozenset()
    assert {"fa", "en", "de", "zh", "ar"} <= known
    assert [code for code in known if languages.by_code(code) is None] == []
    assert all(scribe_languages.ours(scribe_languages.theirs(code)) == code for code in known)
    assert ScribeEngine.capabilities.detects_language


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="tlh"), "language"),
        (Options(vocabulary=("Textor",)), "vocabulary"),
        (Options(speaker_count=2), "speaker_count"),
        (Options(model="scribe_v9"), "model"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: Scribe, engine: ScribeEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        started(engine, options)
    assert (refused.value.field, provider.calls) == (field, [])


def test_the_balance_is_told_and_counts_down(provider: Scribe, engine: ScribeEngine) -> None:
    provider.balance = 1234.5
    assert engine.health() == Health(True, credit="a balance of 1,234.50")
    provider.balance = 0.3
    started(engine)
    with pytest.raises(EngineError, match="no credit left") as refused:
        started(engine)
    assert (refused.value.retryable, len(provider.jobs)) == (False, 1)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"status": 401}, "check SCRIBE_TOKEN"),
        ({"status": 503}, "out of order"),
        ({"body": "[]"}, "does not understand"),
        ({"body": '{"balance": "5"}'}, "does not understand"),
        ({"body": '{"balance": NaN}'}, "does not understand"),
        ({"reset": True}, "could not be reached"),
    ],
)
def test_a_provider_in_trouble_is_said_to_be(provider: Scribe, engine: ScribeEngine, how: dict[str, Any], reason: str) -> None:
    provider.fail(on="credit", **how)
    state = engine.health()
    assert (state.reachable, state.credit, reason in (state.reason or "")) == (False, None, True)


def test_without_a_key_nobody_is_asked(provider: Scribe) -> None:
    keyless = at(provider.url, key="")
    assert (keyless.availability().reason, keyless.health().reason) == ("Set SCRIBE_TOKEN to use Scribe.",) * 2
    for ask in (lambda: started(keyless), lambda: keyless.check(RemoteJob("1"), NO_OPTIONS)):
        with pytest.raises(EngineError, match="Set SCRIBE_TOKEN"):
            ask()
    assert provider.calls == []


def test_it_is_set_up_by_the_operator(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "SCRIBE_TOKEN": KEY, "SCRIBE_BASE_URL": "https://metis.example"}
    engine = ScribeEngine.from_settings(settings_module.load(environ))
    assert (engine.availability().ready, engine.base_url, KEY in repr(engine)) == (True, "https://metis.example", False)
    usual = ScribeEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)}))
    assert (usual.availability().ready, usual.base_url) == (False, "https://api.metisai.ir")


def test_there_is_nothing_to_delete_a_job_with(provider: Scribe, engine: ScribeEngine) -> None:
    job = started(engine)
    engine.cancel(job)
    assert (job.id in provider.jobs, "can't be deleted there" in engine.description) == (True, True)


def test_several_jobs_at_once_get_each_its_own_text(provider: Scribe, engine: ScribeEngine) -> None:
    files = [FIXTURES / name for name in ("dialogue_stereo.flac", "sample.flac", "silence.flac")]
    with ThreadPoolExecutor(12) as pool:
        jobs = list(pool.map(lambda n: engine.start(recording(files[n % 3]), NO_OPTIONS), range(12)))
        answers = list(pool.map(lambda job: engine.check(job, NO_OPTIONS), jobs))
    texts = [segments(answer)[0].text for answer in answers if isinstance(answer, Transcript)]
    wanted = [sha256(files[n % 3].read_bytes()).hexdigest()[:8] for n in range(12)]
    assert [text.split()[0].lower() for text in texts] == wanted


def test_neither_key_nor_words_reach_a_log_or_an_error(
    provider: Scribe, engine: ScribeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard(engine)
    provider.fail(on="submit", status=400, error=f"The key {KEY} may not do this.")
    with pytest.raises(EngineError) as failed:
        started(engine)
    assert failed.value.message == "MetisAI refused this recording: The key may not do this."
    with pytest.raises(EngineError) as refused:
        started(at(provider.url, key="another-key-of-ours"))
    shown = caplog.text + "".join(f"{error!r}{error}{error.__cause__!r}" for error in (failed.value, refused.value))
    assert caplog.text
    assert not [word for word in (KEY, "another-key-of-ours", SHA256[:8]) if word in shown]
