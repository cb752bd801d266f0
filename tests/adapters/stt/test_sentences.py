"""Segments cut from words with times."""

from itertools import pairwise

from textor.adapters.stt import sentences
from textor.domain.transcript import Word


def said(text: str, *, seconds: float = 0.4, start: float = 0.0) -> list[Word]:
    """A word each `seconds`, with no pause between."""
    return [
        Word(word, round(start + n * seconds, 3), round(start + (n + 1) * seconds, 3), 0.9) for n, word in enumerate(text.split())
    ]


def texts(words: list[Word], text: str = "") -> list[str]:
    return [segment.text for segment in sentences.segments(words, text)]


def test_a_segment_ends_where_a_sentence_ends() -> None:
    assert texts(said("Who is there tonight? Nobody came at all. “We will see.” Good")) == [
        "Who is there tonight?",
        "Nobody came at all.",
        "“We will see.”",
        "Good",
    ]


def test_persian_and_chinese_sentences_end_with_their_own_marks() -> None:
    assert texts(said("این چیست که دیدی؟ این یک کتاب است۔ 好的 我们 走。 再见")) == [
        "این چیست که دیدی؟",
        "این یک کتاب است۔",
        "好的 我们 走。",
        "再见",
    ]


def test_a_title_or_an_abbreviation_ends_no_sentence() -> None:
    assert texts(said("So then Mr. Smith met Dr. Jones of the U.S. Navy. Indeed they did")) == [
        "So then Mr. Smith met Dr. Jones of the U.S. Navy.",
        "Indeed they did",
    ]


def test_a_very_short_sentence_goes_with_the_next_one_unless_the_speaker_pauses() -> None:
    assert texts(said("Yes. I will come.")) == ["Yes. I will come."]
    assert texts([*said("Yes."), *said("I will come.", start=1.0)]) == ["Yes.", "I will come."]


def test_a_long_pause_ends_a_segment_in_the_middle_of_a_sentence() -> None:
    assert texts([*said("and then"), *said("nothing more", start=2.9)]) == ["and then", "nothing more"]


def test_a_sentence_without_end_is_cut_at_a_clause_near_its_middle() -> None:
    words = said(
        "one two three four five six seven eight, nine ten eleven and so on until the end of my dear old friends", seconds=0.5
    )
    assert texts(words, "")[0].endswith("eight,")
    assert all(segment.end - segment.start <= sentences.LONGEST_SECONDS for segment in sentences.segments(words))


def test_no_word_is_lost_doubled_or_moved() -> None:
    words = said("la " * 200)
    segments = list(sentences.segments(words))
    assert [word for segment in segments for word in segment.words] == words
    assert all(before.end <= after.start for before, after in pairwise(segments))


def test_one_endless_word_stays_a_segment() -> None:
    assert texts([Word("aaah", 0.0, 30.0)]) == ["aaah"]


def test_no_words_make_no_segments() -> None:
    assert texts([], "") == []


def test_spaces_are_set_as_the_engine_sets_them() -> None:
    words = [Word("你好", 0.0, 1.0), Word("世界。", 1.0, 2.0), Word("再见", 2.0, 3.0)]
    assert texts(words, "你好世界。再见") == ["你好世界。", "再见"]


def test_a_text_that_is_not_made_of_the_words_is_left_aside() -> None:
    assert texts(said("twenty one pens"), "21 pens") == ["twenty one pens"]


def test_a_segments_confidence_is_its_words_and_unknown_where_theirs_is() -> None:
    rated, unrated = list(sentences.segments([Word("a", 0, 1, 0.5), Word("b", 1, 2, 1.0)])), sentences.segments([Word("a", 0, 1)])
    assert [segment.confidence for segment in [*rated, *unrated]] == [0.75, None]


def test_the_speaker_is_everywhere() -> None:
    assert {segment.speaker for segment in sentences.segments(said("Here we are now. There you are."), "", "B")} == {"B"}
