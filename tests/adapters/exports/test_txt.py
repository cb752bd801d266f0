from typing import Any

from tests.adapters.exports.samples import conversation, document, segment, spoken, written
from textor.adapters.exports.txt import PlainText
from textor.domain.transcript import Document


def text(of: Document, **options: Any) -> str:
    return written(PlainText(), of, **options).decode()


def test_a_turn_opens_with_its_speaker_and_time() -> None:
    assert text(conversation()) == (
        "Alice [0:00]\nGood morning. Let's start with the numbers.\n\nBob [0:05]\nThey are better than last week. Very good.\n"
    )


def test_without_speakers_and_times_only_the_words_are_left() -> None:
    assert text(conversation(), speakers=False, timestamps=False) == (
        "Good morning. Let's start with the numbers.\n\nThey are better than last week. Very good.\n"
    )


def test_without_speakers_the_time_stands_before_the_paragraph() -> None:
    assert text(conversation(), speakers=False).startswith("[0:00] Good morning.")


def test_words_of_an_unknown_voice_are_not_given_to_the_one_before() -> None:
    said = (segment("Mine.", 0, 1, "Ann"), segment("Whose?", 1, 2), segment("Mine again.", 2, 3, "Ann"))
    assert text(document(*said), timestamps=False) == "Ann\nMine.\n\n—\nWhose?\n\nAnn\nMine again.\n"


def test_a_segment_of_an_hour_is_cut_at_its_sentences() -> None:
    paragraphs = text(document(spoken("This is a sentence of the hour. " * 100)), speakers=False).split("\n\n")
    assert len(paragraphs) > 5
    assert all(paragraph.rstrip().endswith("hour.") and len(paragraph) < 450 for paragraph in paragraphs)
    assert paragraphs[0].startswith("[0:00] ")
    assert not paragraphs[1].startswith("[0:00] ")


def test_a_long_pause_opens_a_paragraph() -> None:
    assert text(document(segment("One.", 0, 1), segment("Two.", 30, 31)), timestamps=False) == "One.\n\nTwo.\n"


def test_a_long_monologue_is_cut_at_a_sentence() -> None:
    sentences = [segment("This is a sentence of the monologue.", n, n + 1) for n in range(100)]
    paragraphs = text(document(*sentences), timestamps=False).split("\n\n")
    assert len(paragraphs) > 5
    assert all(len(paragraph) < 450 for paragraph in paragraphs)


def test_a_monologue_without_full_stops_is_cut_too() -> None:
    words = [segment("words without an end", n, n + 1) for n in range(200)]
    assert max(map(len, text(document(*words)).split("\n\n"))) < 850


def test_a_paragraph_ends_where_the_direction_turns() -> None:
    assert text(document(segment("Hello.", 0, 1), segment("سلام.", 1, 2)), timestamps=False) == "Hello.\n\nسلام.\n"


def test_chinese_segments_are_joined_without_a_space() -> None:
    assert text(document(segment("你好。", 0, 1), segment("再见。", 1, 2)), timestamps=False) == "你好。再见。\n"


def test_a_transcript_without_words_is_an_empty_file() -> None:
    assert text(document(segment(" ", 0, 1))) == ""
