"""EBOO through Textor's HTTP, against an emulator on loopback."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.eboo import Eboo, status
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from textor import settings as settings_module
from textor.adapters.stt import eboo_answers
from textor.adapters.stt.eboo import EbooEngine
from textor.adapters.stt.port import Audio, Health, Options, Progress, RemoteJob
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, InvalidInput

TOKEN = "0123456789abcdef-a-token"
RECORDING = FIXTURES / "dialogue_stereo.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
NO_OPTIONS = Options()


@pytest.fixture
def provider() -> Iterator[Eboo]:
    with serving(Eboo(TOKEN)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: Eboo) -> EbooEngine:
    return at(provider.url)


def at(url: str, *, token: str = TOKEN, seconds: float = 5) -> EbooEngine:
    return EbooEngine(token, url, seconds)


def recording(path: Path = RECORDING) -> Audio:
    return replace(audio(FIXTURES / "silence.flac"), path=path)


def started(engine: EbooEngine, options: Options = NO_OPTIONS) -> RemoteJob:
    return engine.start(recording(), options)


def segments(answer: Transcript | Progress) -> list[Segment]:
    assert isinstance(answer, Transcript)
    return list(answer.segments)


def test_a_job_is_uploaded_converted_and_asked_after_until_it_is_done(provider: Eboo, engine: EbooEngine) -> None:
    provider.seconds = 3600
    job = started(engine)
    assert engine.check(job, NO_OPTIONS) == Progress(0.0, poll_seconds=5)
    provider.files[job.id].ends -= 3600 - 0.001
    provider.finish(job.id)
    transcript = engine.check(job, NO_OPTIONS)
    assert [segment.text.lower()[:8] for segment in segments(transcript)] == [SHA256[:8]]
    assert [call.kind for call in provider.calls if call.kind != "request"] == [
        "addfile",
        "convert",
        "checkconvert",
        "checkconvert",
    ]


def test_the_file_arrives_as_it_is_and_its_name_tells_nothing_but_its_kind(provider: Eboo, engine: EbooEngine) -> None:
    job = started(engine)
    file = provider.files[job.id]
    assert (file.sha256, file.name, provider.converted) == (SHA256, "recording.flac", [SHA256])


def test_it_hears_persian_and_says_so(provider: Eboo, engine: EbooEngine) -> None:
    job = started(engine, Options(language="fa"))
    provider.said[SHA256] = [Spoken("سلام", 0, 1), Spoken("می\u200cروم", 1, 2)]
    transcript = engine.check(job, NO_OPTIONS)
    assert [(one.text, one.start, one.words, one.speaker) for one in segments(transcript)] == [
        ("سلام می\u200cروم", 0.0, (), None)
    ]
    assert isinstance(transcript, Transcript) and transcript.language == "fa"
    assert provider.commands[1] == {"token": TOKEN, "command": "convert", "filetoken": job.id, "language": "fa"}


def test_how_far_it_is_is_told(provider: Eboo, engine: EbooEngine) -> None:
    job = started(engine)
    for said, fraction in (
        ('{"Status": "ConvertStarted", "Progress": "41.50%"}', 0.415),
        ('{"Status": "ConvertFinished", "Progress": "99.99%", "Output": ""}', 0.9999),
        ('{"Status": "AlreadyProcessing"}', None),
        ('{"Status": "Data Not Found Yet"}', None),
        ('{"Status": "Transcribing", "Progress": "7%", "Output": null}', 0.07),
    ):
        provider.fail(on="checkconvert", calls=1, body=said)
        assert engine.check(job, NO_OPTIONS) == Progress(fraction, poll_seconds=5)


def test_silence_is_an_empty_transcript(provider: Eboo, engine: EbooEngine) -> None:
    provider.said[SHA256] = []
    assert segments(engine.check(started(engine), NO_OPTIONS)) == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="en"), "language"),
        (Options(vocabulary=("Textor",)), "vocabulary"),
        (Options(speaker_count=2), "speaker_count"),
        (Options(model="best"), "model"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: Eboo, engine: EbooEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        started(engine, options)
    assert (refused.value.field, provider.calls) == (field, [])


def test_what_it_can_is_said_before_it_is_chosen() -> None:
    can = EbooEngine.capabilities
    assert (can.languages, can.detects_language, can.segment_times) == (frozenset({"fa"}), False, False)
    assert (can.word_times, can.speakers, can.max_seconds, can.formats) == (False, False, 480.0, frozenset({"mp3", "wav"}))


@pytest.mark.parametrize(
    ("seconds", "words"), [(12_000, "3 h 20 min"), (3600, "1 h 0 min"), (3599, "59 min"), (0, "0 min"), (-60, "0 min")]
)
def test_the_credit_that_is_left_is_told_in_words(provider: Eboo, engine: EbooEngine, seconds: float, words: str) -> None:
    provider.credit = seconds
    assert engine.health() == Health(True, credit=words)


def test_the_credit_counts_down_with_each_job_until_none_is_left(provider: Eboo, engine: EbooEngine) -> None:
    provider.credit = 1.5 * audio(RECORDING).seconds
    started(engine)
    with pytest.raises(EngineError, match="no credit left") as refused:
        started(engine)
    assert (refused.value.retryable, provider.converted) == (False, [SHA256])
    assert len(provider.files) == 1  # what was refused was deleted


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"body": status("IPError")}, "this server's address"),
        ({"body": "[]"}, "does not understand"),
        ({"body": '{"AudioTranscribeCredit": "much"}'}, "does not understand"),
        ({"body": '{"AudioTranscribeCredit": "nan"}'}, "does not understand"),
        ({"body": "{}"}, "does not understand"),
        ({"status": 503}, "out of order"),
        ({"reset": True}, "could not be reached"),
    ],
)
def test_a_provider_in_trouble_is_said_to_be(provider: Eboo, engine: EbooEngine, how: dict[str, object], reason: str) -> None:
    provider.fail(on="checkcredit", **how)
    state = engine.health()
    assert (state.reachable, state.credit, reason in (state.reason or "")) == (False, None, True)


def test_without_a_token_nobody_is_asked(provider: Eboo) -> None:
    tokenless = at(provider.url, token="")
    assert (tokenless.availability().reason, tokenless.health().reason) == ("Set EBOO_TOKEN to use EBOO.",) * 2
    for ask in (lambda: started(tokenless), lambda: tokenless.check(RemoteJob("1"), NO_OPTIONS)):
        with pytest.raises(EngineError, match="Set EBOO_TOKEN"):
            ask()
    assert provider.calls == []


def test_it_is_set_up_by_the_operator(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "EBOO_TOKEN": TOKEN, "EBOO_BASE_URL": "https://eboo.example"}
    engine = EbooEngine.from_settings(settings_module.load(environ))
    assert (engine.availability().ready, engine.base_url, TOKEN in repr(engine)) == (True, "https://eboo.example", False)
    usual = EbooEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)}))
    assert (usual.availability().ready, usual.base_url) == (False, "https://www.eboo.ir")


def test_a_file_is_deleted_and_may_be_gone_already(provider: Eboo, engine: EbooEngine) -> None:
    job = started(engine)
    engine.cancel(job)
    assert (provider.deleted, provider.files) == ([job.id], {})
    engine.cancel(job)
    for gone in ("Data Not Found Yet", 404, "FileDeleted"):
        provider.fail(on="deletefile", calls=1, body=status(gone))
        engine.cancel(job)
    assert provider.count("deletefile") == 5


def test_several_jobs_at_once_get_each_its_own_text(provider: Eboo, engine: EbooEngine) -> None:
    files = [FIXTURES / name for name in ("dialogue_stereo.flac", "sample.flac", "silence.flac")]
    with ThreadPoolExecutor(12) as pool:
        jobs = list(pool.map(lambda n: engine.start(recording(files[n % 3]), NO_OPTIONS), range(12)))
        texts = list(pool.map(lambda job: segments(engine.check(job, NO_OPTIONS))[0].text, jobs))
    wanted = [sha256(files[n % 3].read_bytes()).hexdigest()[:8] for n in range(12)]
    assert [text.split()[0].lower() for text in texts] == wanted


def test_neither_token_nor_words_reach_a_log_or_an_error(
    provider: Eboo, engine: EbooEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    job = started(engine)
    segments(engine.check(job, NO_OPTIONS))
    provider.fail(on="convert", body=status(f"BadToken {TOKEN} of yours"))
    with pytest.raises(EngineError) as failed:
        started(engine)
    assert failed.value.message == "EBOO refused this recording: BadToken of yours."
    provider.mend()
    with pytest.raises(EngineError) as refused:
        started(at(provider.url, token="another-token-of-ours"))
    shown = caplog.text + "".join(f"{error!r}{error}{error.__cause__!r}" for error in (failed.value, refused.value))
    assert caplog.text
    assert not [word for word in (TOKEN, "another-token-of-ours", SHA256[:8]) if word in shown]


def test_every_error_has_a_sentence() -> None:
    assert all(sentence.startswith(("EBOO", "The ")) and sentence.endswith(".") for _, sentence in eboo_answers.ERRORS.values())
