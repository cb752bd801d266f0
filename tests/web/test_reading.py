"""A transcript cut for the reader."""

from textor.domain.transcript import Segment, Word
from textor.web import reading


def texts(segment: Segment) -> list[tuple[str, float | None]]:
    (turn,) = reading.turns([segment], "en")
    return [(piece.text, piece.start) for piece in turn.pieces]


def test_words_keep_what_stands_between_them() -> None:
    segment = Segment(0, 2, " Hello, dear world! ", (Word(" Hello", 0.1, 0.5), Word("dear", 0.6, 0.9), Word("world", 1, 2)))
    assert texts(segment) == [("Hello", 0.1), (", ", None), ("dear", 0.6), (" ", None), ("world", 1), ("!", None)]


def test_a_word_that_is_not_in_the_text_is_left_out() -> None:
    segment = Segment(0, 2, "one two", (Word("one", 0, 1), Word("wrong", 1, 1.5), Word("two", 1.5, 2)))
    assert "".join(text for text, _start in texts(segment)) == "one two"


def test_a_segment_without_words_is_one_piece_and_an_empty_one_is_none() -> None:
    assert texts(Segment(0, 1, "all of it")) == [("all of it", None)]
    assert reading.turns([Segment(0, 1, "  ")], "en") == []


def test_a_speaker_who_goes_on_is_named_once_and_colours_repeat_after_six() -> None:
    names = ["a", "a", "b", None, None, "c", "d", "e", "f", "g"]
    turns = reading.turns([Segment(n, n + 1, "words", speaker=name) for n, name in enumerate(names)], None)
    assert [turn.is_same for turn in turns[:5]] == [False, True, False, False, False]
    assert [turn.colour for turn in turns] == [1, 1, 2, 1, 1, 3, 4, 5, 6, 1]


def test_doubtful_words_are_those_below_one_half() -> None:
    words = (Word("a", 0, 1, 0.49), Word("b", 1, 2, 0.5), Word("c", 2, 3))
    assert reading.unsure_words([Segment(0, 3, "a b c", words)]) == 1
