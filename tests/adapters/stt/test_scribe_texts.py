"""Where MetisAI's answers may carry a text, and what becomes of it."""

import json
from typing import Any

import pytest

from tests.adapters.stt.test_scribe import NO_OPTIONS, SHA256, engine, heard, provider, segments, started
from tests.emulators.scribe import Scribe
from tests.emulators.speech import Spoken
from textor.adapters.stt.scribe import ScribeEngine
from textor.domain.transcript import Transcript
from textor.errors import EngineError

__all__ = ["engine", "provider"]

SENTENCES = [
    Spoken("Good", 0.5, 0.9),
    Spoken("evening.", 1.0, 1.75),
    Spoken("Who", 2.0, 2.2),
    Spoken("is?", 2.2, 3),
]
DELIVERIES = ["content", "text", "raw", "object", "plain", "quoted", "json"]


def told(provider: Scribe, engine: ScribeEngine, **answer: Any) -> Transcript:
    """The transcript of a job that is done, with this in its answer."""
    job = started(engine)
    provider.fail(on="check", calls=1, body=json.dumps({"id": job.id, "status": "COMPLETED", **answer}))
    found = engine.check(job, NO_OPTIONS)
    assert isinstance(found, Transcript)
    return found


@pytest.mark.parametrize("delivers", DELIVERIES)
def test_the_text_is_found_wherever_it_is(provider: Scribe, engine: ScribeEngine, delivers: str) -> None:
    provider.said[SHA256], provider.delivers = SENTENCES, delivers
    transcript = heard(engine)
    assert " ".join(segment.text for segment in segments(transcript)) == "Good evening. Who is?"
    assert (transcript.details, transcript.cost_usd) == ({"usage": {"cost": 0.25}}, None)


@pytest.mark.parametrize("delivers", DELIVERIES)
def test_silence_is_an_empty_transcript_wherever_it_is(provider: Scribe, engine: ScribeEngine, delivers: str) -> None:
    provider.said[SHA256], provider.delivers = [], delivers
    if delivers == "plain":
        with pytest.raises(EngineError, match="does not understand"):  # a body of nothing may have been lost on its way
            heard(engine)
    else:
        assert segments(heard(engine)) == []


def test_a_text_without_times_is_one_segment(provider: Scribe, engine: ScribeEngine) -> None:
    (segment,) = segments(told(provider, engine, generations=[{"content": " سلام.\n\nخوبی؟ "}]))
    assert (segment.text, segment.start, segment.words, segment.speaker) == ("سلام. خوبی؟", 0.0, (), None)


@pytest.mark.parametrize("delivers", ["raw", "object"])
def test_words_with_times_become_sentences(provider: Scribe, engine: ScribeEngine, delivers: str) -> None:
    provider.said[SHA256], provider.delivers = SENTENCES, delivers
    transcript = heard(engine)
    first, second = segments(transcript)
    assert [(one.text, one.start, one.end, one.speaker) for one in (first, second)] == [
        ("Good evening.", 0.5, 1.75, None),
        ("Who is?", 2.0, 3.0, None),
    ]
    assert [(word.text, word.start) for word in first.words] == [("Good", 0.5), ("evening.", 1.0)]
    assert (transcript.language, transcript.language_confidence) == ("en", 0.97)


def test_speakers_are_named_where_there_are_several(provider: Scribe, engine: ScribeEngine) -> None:
    provider.delivers, provider.speakers = "object", 2
    found = segments(heard(engine))
    assert {segment.speaker for segment in found} == {"speaker_0", "speaker_1"}
    assert all(len({segment.speaker}) == 1 and segment.words for segment in found)


def test_noises_stay_in_the_text_and_are_no_words(provider: Scribe, engine: ScribeEngine) -> None:
    words = [
        {"text": "Ha.", "start": 0, "end": 1.5, "type": "word"},
        {"text": " ", "start": 1.5, "end": 1.6, "type": "spacing"},
        {"text": "(laughs)", "start": 1.6, "end": 2, "type": "audio_event"},
        {"text": "Ho", "start": 2, "end": 3, "type": "word"},
        {"text": "(coughs)", "start": 3, "end": 3.2, "type": "audio_event"},
        {"text": "ho.", "start": 3.2, "end": 4, "type": "word"},
    ]
    content = {"text": "Ha. (laughs) Ho (coughs) ho.", "words": words}
    found = segments(told(provider, engine, generations=[{"content": content}]))
    assert [(one.text, len(one.words)) for one in found] == [("Ha.", 1), ("Ho (coughs) ho.", 2)]


@pytest.mark.parametrize(
    "words",
    [
        None,
        "A",
        {"A": 1},
        ["A"],
        [{"text": "A", "start": None, "end": 1}],
        [{"text": "A", "start": 2, "end": 1}],
        [{"text": "A", "start": -1, "end": 1}],
        [{"text": "A", "start": 0, "end": 1e9}],
        [{"text": None, "start": 0, "end": 1}],
        [{"start": 0, "end": 1}],
    ],
)
def test_words_that_can_not_be_placed_lose_no_text(provider: Scribe, engine: ScribeEngine, words: object) -> None:
    found = told(provider, engine, generations=[{"content": {"text": "A", "words": words}}])
    assert [(one.text, one.words) for one in segments(found)] == [("A", ())]


@pytest.mark.parametrize(
    ("code", "language"), [("eng", "en"), ("fas", "fa"), ("fa", "fa"), ("fil", "tl"), ("tlh", None), (7, None), (None, None)]
)
def test_the_language_comes_back_as_textor_calls_it(
    provider: Scribe, engine: ScribeEngine, code: object, language: str | None
) -> None:
    found = told(provider, engine, generations=[{"content": {"text": "A", "language_code": code}}])
    assert found.language == language


@pytest.mark.parametrize("usage", [None, [], {}, {"cost": None}, {"cost": "5"}, {"cost": True}])
def test_a_cost_that_is_no_number_is_not_kept(provider: Scribe, engine: ScribeEngine, usage: object) -> None:
    assert told(provider, engine, generations=[{"content": "A"}], usage=usage).details == {}
