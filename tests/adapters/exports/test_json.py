import json
from typing import Any

from tests.adapters.exports.samples import PERSIAN, conversation, document, nasty, segment, spoken, written
from textor.adapters.exports.json import Json
from textor.domain.transcript import Document


def parsed(of: Document, **options: Any) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    answer: dict[str, Any] = json.loads(written(Json(), of, **options), parse_constant=refuse)
    return answer


def test_the_facts() -> None:
    facts = parsed(conversation())
    assert facts["title"] == "A meeting"
    assert facts["language"] == "en"
    assert facts["audio_duration"] == 61.5
    assert facts["audio_duration_display"] == "00:01:01.500"
    assert facts["engine"] == "whisper"
    assert facts["model"] == "base"
    assert facts["confidence"] == 0.93
    assert facts["speakers"] == ["Alice", "Bob"]
    assert facts["text"].splitlines()[2] == "Very good."


def test_a_segment_with_its_words() -> None:
    first = parsed(document(spoken("Good morning.", 3723.25, "Alice")))["segments"][0]
    assert first == {
        "start": 3723.25,
        "end": 3724.02,
        "start_display": "01:02:03.250",
        "end_display": "01:02:04.020",
        "text": "Good morning.",
        "speaker": "Alice",
        "speaker_confidence": 0.8,
        "confidence": 0.93,
        "words": [
            {"text": "Good", "start": 3723.25, "end": 3723.51, "confidence": 0.9},
            {"text": "morning.", "start": 3723.56, "end": 3723.98, "confidence": 0.9},
        ],
    } | {"end": first["end"], "end_display": first["end_display"]}
    assert first["end"] == first["words"][-1]["end"]


def test_letters_stay_readable_and_every_segment_has_its_line() -> None:
    data = written(Json(), document(segment(PERSIAN), segment("x"))).decode()
    assert PERSIAN in data
    assert sum('"start_display"' in line for line in data.splitlines()) == 2


def test_without_speakers_nobody_is_named() -> None:
    facts = parsed(conversation(), speakers=False)
    assert facts["speakers"] == []
    assert {part["speaker"] for part in facts["segments"]} == {None}


def test_numbers_that_json_has_not_are_null() -> None:
    facts = parsed(nasty())
    assert facts["audio_duration"] is None
    assert {part["confidence"] for part in facts["segments"]} == {None}
