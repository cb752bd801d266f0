"""OpenAI's models through the real SDK, against an emulator on loopback."""

import json
import logging
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.openai import OpenAI
from tests.emulators.openai_answers import Heard
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from textor.adapters.stt.openai import OpenAIEngine
from textor.adapters.stt.port import Audio, Options
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import InvalidInput

KEY = "sk-0123456789abcdef-a-key"
RECORDING = FIXTURES / "sample.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
SECONDS = 12.45
NO_OPTIONS = Options()
WHISPER = Options(model="whisper-1")
SPEAKERS = Options(model="gpt-4o-transcribe-diarize", diarize=True)
SAID = [Spoken("Good", 0.5, 0.9), Spoken("evening.", 1.0, 1.75), Spoken("Who", 2.0, 2.2), Spoken("is?", 2.2, 3)]


@pytest.fixture
def provider() -> Iterator[OpenAI]:
    with serving(OpenAI(KEY)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: OpenAI) -> OpenAIEngine:
    return at(provider.url)


def at(url: str, *, key: str = KEY, **more: Any) -> OpenAIEngine:
    """As if the emulator were OpenAI's own host, in the month that this was written."""
    return OpenAIEngine(key, f"{url}/v1", **{"hear_seconds": 5, "today": lambda: date(2026, 11, 21), **more})


def recording(path: Path = RECORDING) -> Audio:
    return replace(audio(RECORDING), path=path)


def heard(engine: OpenAIEngine, options: Options = NO_OPTIONS, path: Path = RECORDING) -> Transcript:
    return engine.start(recording(path), options)


def wav(path: Path, seconds: float) -> Path:
    """Silence."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * int(16_000 * seconds)))
    return path


def segments(transcript: Transcript) -> list[Segment]:
    return list(transcript.segments)


def asked(provider: OpenAI) -> Heard:
    """What the last transcript was asked with."""
    return provider.heard[-1]


def test_a_transcript_comes_at_once_with_one_call(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = SAID
    transcript = heard(engine)
    assert isinstance(transcript, Transcript)
    assert [call.kind for call in provider.calls] == ["transcribe"]
    assert asked(provider).fields == {"model": "gpt-transcribe", "response_format": "json"}
    assert asked(provider).sha256 == SHA256


def test_text_without_times_is_one_segment_as_long_as_the_sound(provider: OpenAI, engine: OpenAIEngine) -> None:
    """Times per sentence would be made up."""
    provider.said[SHA256] = SAID
    assert segments(heard(engine)) == [Segment(0.0, SECONDS, "Good evening. Who is?")]
    assert (engine.can().segment_times, engine.can().word_times) == (False, False)


def test_whisper_gives_segments_with_their_words(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = SAID
    first, second = segments(heard(engine, WHISPER))
    assert (first.text, second.text) == ("Good evening.", "Who is?")
    assert (first.start, first.end, second.start, second.end) == (0.5, 1.75, 2.0, 3.0)
    assert first.words == (Word("Good", 0.5, 0.9), Word("evening", 1.0, 1.75))
    assert [word.text for word in second.words] == ["Who", "is"]
    assert (first.confidence, first.speaker) == (0.819, None)
    assert asked(provider).fields["timestamp_granularities"] == ["word", "segment"]


def test_every_word_of_a_recording_is_heard_once(provider: OpenAI, engine: OpenAIEngine) -> None:
    words = [word.text for segment in segments(heard(engine, WHISPER)) for word in segment.words]
    assert words == [word.text.strip(".") for word in asked(provider).words]
    assert words[0].lower() == SHA256[:8]


def test_the_same_word_in_two_segments_goes_to_its_own(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = [Spoken(text, place, place + 0.5) for place, text in enumerate(["No", "no.", "No", "yes."])]
    shares = [[(word.text, word.start) for word in segment.words] for segment in segments(heard(engine, WHISPER))]
    assert shares == [[("No", 0), ("no", 1)], [("No", 2), ("yes", 3)]]


def test_a_word_that_was_timed_late_stays_in_its_sentence(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = SAID
    spoken = [("Good", 0.5, 0.9), ("evening", 1.9, 2.5), ("Who", 2.5, 2.6), ("is", 2.6, 3.0)]
    provider.extra = {"words": [{"word": word, "start": start, "end": end} for word, start, end in spoken]}
    shares = [[word.text for word in segment.words] for segment in segments(heard(engine, WHISPER))]
    assert shares == [["Good", "evening"], ["Who", "is"]]


def test_words_that_are_written_otherwise_in_the_text_are_shared_by_their_times(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = SAID
    spoken = [("five", 0.5, 1.0), ("euros", 1.0, 1.5), ("please", 2.1, 2.5)]
    provider.extra = {"words": [{"word": word, "start": start, "end": end} for word, start, end in spoken]}
    shares = [[word.text for word in segment.words] for segment in segments(heard(engine, WHISPER))]
    assert shares == [["five", "euros"], ["please"]]


def test_speakers_are_told_apart_on_demand(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.said[SHA256] = SAID
    told = segments(heard(engine, SPEAKERS))
    assert [(one.text, one.speaker, one.start, one.end) for one in told] == [
        ("Good evening.", "A", 0.5, 1.75),
        ("Who is?", "B", 2.0, 3.0),
    ]
    assert asked(provider).fields["chunking_strategy"] == "auto"


def test_nobody_is_named_to_who_did_not_ask(provider: OpenAI, engine: OpenAIEngine) -> None:
    told = segments(heard(engine, Options(model="gpt-4o-transcribe-diarize")))
    assert len(told) > 1
    assert {one.speaker for one in told} == {None}


def test_a_conversation_may_be_longer_than_half_a_minute(provider: OpenAI, engine: OpenAIEngine, tmp_path: Path) -> None:
    provider.script = lambda data: SAID
    assert len(segments(heard(engine, SPEAKERS, wav(tmp_path / "long.wav", seconds=31)))) == 2
    assert asked(provider).seconds == 31


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe"])
def test_the_older_models_of_text_alone_still_work(provider: OpenAI, engine: OpenAIEngine, model: str) -> None:
    provider.said[SHA256] = SAID
    transcript = heard(engine, Options(model=model, language="en-US"))
    assert [one.text for one in transcript.segments] == ["Good evening. Who is?"]
    assert asked(provider).fields == {"model": model, "response_format": "json", "language": "en"}
    assert transcript.details == {"billed_tokens": 128}


@pytest.mark.parametrize("options", [NO_OPTIONS, WHISPER, SPEAKERS, Options(model="gpt-4o-transcribe")])
def test_silence_is_an_empty_transcript(provider: OpenAI, engine: OpenAIEngine, options: Options) -> None:
    provider.said[SHA256] = []
    transcript = heard(engine, options)
    assert segments(transcript) == []
    assert {"billed_seconds", "billed_tokens"} & set(transcript.details)


@pytest.mark.parametrize(("model", "sent"), [("gpt-transcribe", {"languages": ["en"]}), ("whisper-1", {"language": "en"})])
@pytest.mark.parametrize("chosen", ["en", "en_us", "en-GB"])
def test_a_chosen_language_is_sent_in_the_field_of_the_model(
    provider: OpenAI, engine: OpenAIEngine, model: str, sent: dict[str, object], chosen: str
) -> None:
    heard(engine, Options(model=model, language=chosen))
    fields = asked(provider).fields
    assert {name: fields[name] for name in fields if name.startswith("language")} == sent


@pytest.mark.parametrize(
    ("extra", "language"),
    [
        ({"language": "persian"}, "fa"),
        ({"language": "Haitian Creole"}, "ht"),
        ({"language": "nynorsk"}, "nn"),
        ({"language": "en"}, "en"),
        ({"language": "jw"}, "jv"),
        ({"language": "klingon"}, None),
        ({"language": None}, None),
    ],
)
def test_whispers_language_comes_back_as_an_iso_code(
    provider: OpenAI, engine: OpenAIEngine, extra: dict[str, object], language: str | None
) -> None:
    provider.extra = extra
    assert heard(engine, WHISPER).language == language


@pytest.mark.parametrize(
    ("codes", "language", "kept"), [(["fa"], "fa", None), (["en", "fa-IR"], "en", ["en", "fa"]), ([], None, None)]
)
def test_languages_that_were_detected_come_back_the_first_as_the_transcripts(
    provider: OpenAI, engine: OpenAIEngine, codes: list[str], language: str | None, kept: list[str] | None
) -> None:
    provider.extra = {"languages": [{"code": code} for code in codes]}
    transcript = heard(engine)
    assert (transcript.language, transcript.details.get("language_codes")) == (language, kept)


def test_what_was_billed_is_kept(provider: OpenAI, engine: OpenAIEngine) -> None:
    details = heard(engine, WHISPER).details
    assert details == {"audio_duration": SECONDS, "billed_seconds": 13}
    assert json.loads(json.dumps(details)) == details


@pytest.mark.parametrize(
    ("model", "field", "sent"),
    [("gpt-transcribe", "keywords", ["Textor", "Ada Lovelace"]), ("whisper-1", "prompt", "Textor, Ada Lovelace")],
)
def test_vocabulary_goes_where_the_model_looks_for_it(
    provider: OpenAI, engine: OpenAIEngine, model: str, field: str, sent: object
) -> None:
    heard(engine, Options(model=model, vocabulary=("Textor", "Ada Lovelace")))
    assert asked(provider).fields[field] == sent


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="tlh"), "language"),
        (Options(language="jv"), "language"),
        (Options(model="whisper-9"), "model"),
        (Options(speaker_count=2), "speaker_count"),
        (Options(vocabulary=("two\nlines",)), "vocabulary"),
        (Options(vocabulary=("<b>",)), "vocabulary"),
        (Options(model="whisper-1", vocabulary=("نام‌های بسیار بسیار بلند",) * 6), "vocabulary"),
        (Options(model="gpt-4o-transcribe-diarize", vocabulary=("Textor",)), "vocabulary"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: OpenAI, engine: OpenAIEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        heard(engine, options)
    assert (refused.value.field, provider.calls) == (field, [])


def test_times_end_with_the_sound_and_follow_each_other(provider: OpenAI, engine: OpenAIEngine) -> None:
    late = {"id": 0, "start": 12.0, "end": 14.5, "text": "Late."}
    early = {"id": 1, "start": -0.5, "end": 1.0, "text": "Early."}
    turned = {"id": 2, "start": 5.0, "end": 4.0, "text": "Turned."}
    provider.extra = {"segments": [late, early, turned, {**late, "text": " "}], "words": []}
    told = [(one.text, one.start, one.end) for one in segments(heard(engine, WHISPER))]
    assert told == [("Early.", 0.0, 1.0), ("Turned.", 5.0, 5.0), ("Late.", 12.0, SECONDS)]


def test_a_segment_is_as_long_as_its_words(provider: OpenAI, engine: OpenAIEngine) -> None:
    words = [{"word": "Long", "start": 0.8, "end": 1.0}, {"word": "words", "start": 1.0, "end": 3.5}]
    provider.extra = {"segments": [{"start": 1.0, "end": 3.0, "text": "Long words."}], "words": words}
    (one,) = segments(heard(engine, WHISPER))
    assert (one.start, one.end, one.confidence) == (0.8, 3.5, None)


def test_neither_key_nor_words_reach_a_log(provider: OpenAI, engine: OpenAIEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard(engine, Options(vocabulary=("Lovelace",)))
    assert caplog.text
    assert not any(word in caplog.text for word in (KEY, "Lovelace", SHA256[:8], RECORDING.name))
    assert KEY not in repr(engine) + repr(engine._calls)
