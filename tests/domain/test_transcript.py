"""What a transcript says about itself."""

import pytest

from textor.domain.transcript import Document, Gap, Segment, confidence, in_order, plain_text


def document(*speakers: str | None) -> Document:
    segments = [Segment(n, n + 1, "words", speaker=speaker) for n, speaker in enumerate(speakers)]
    return Document("A call", segments, "en", 10.0, "2026-11-20T12:00:00Z", "fake")


def test_speakers_are_named_once_in_the_order_they_speak() -> None:
    assert document("Bob", None, "Alice", "Bob", "").speakers == ("Bob", "Alice")


def test_a_transcript_without_speakers_names_none() -> None:
    assert document(None, None).speakers == ()


def test_the_plain_text_has_a_line_for_each_segment_that_says_something() -> None:
    assert plain_text([Segment(0, 1, " one "), Segment(1, 2, "  "), Segment(2, 3, "دو")]) == "one\nدو"


def test_silence_has_no_text() -> None:
    assert plain_text([]) == ""


def test_a_long_segment_weighs_more_than_a_short_one() -> None:
    segments = [Segment(0, 3, "long", confidence=1.0), Segment(3, 4, "short", confidence=0.0)]
    assert confidence(segments) == pytest.approx(0.75)


def test_segments_without_a_confidence_do_not_count() -> None:
    assert confidence([Segment(0, 1, "sure", confidence=0.8), Segment(1, 99, "silent")]) == pytest.approx(0.8)


def test_a_segment_without_length_still_counts() -> None:
    assert confidence([Segment(1, 1, "blink", confidence=0.4)]) == pytest.approx(0.4)


def test_where_nothing_is_rated_there_is_no_confidence() -> None:
    assert confidence([Segment(0, 1, "who knows")]) is None
    assert confidence([]) is None


def test_gaps_stand_before_what_is_said_from_their_start_on() -> None:
    said = [Segment(0, 5, "a"), Segment(10, 12, "b")]
    first, inside, last = Gap(0, 3, "x"), Gap(5, 10, "x"), Gap(60, 90, "x")
    assert list(in_order(said, [last, inside, first])) == [first, said[0], inside, said[1], last]
