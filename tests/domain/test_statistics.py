"""Words, characters, sentences and shares, in English and Persian."""

import pytest

from textor.domain.statistics import measure
from textor.domain.transcript import Segment


def spoken(*texts: str) -> list[Segment]:
    return [Segment(float(n), n + 1.0, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ask not what your country can do for you", 9),
        ("It's a well-known fact, isn't it?", 6),
        ("می‌خواهم کتاب‌ها را ببینم", 4),
        ("قیمت ۱۲۰۰ تومان است.", 4),
        ("مُحَمَّدٌ رسول", 2),
        ("42 % — of what?", 3),
        ("", 0),
    ],
)
def test_words_are_counted_as_people_count_them(text: str, words: int) -> None:
    assert measure(spoken(text)).words == words


@pytest.mark.parametrize(
    ("texts", "sentences"),
    [
        (["One. Two? Three!"], 3),
        (["One sentence that", "goes over two segments."], 1),
        (["No full stop", "none here either"], 2),
        (["A full stop. And then it breaks off"], 2),
        (["آیا آمدی؟ بله. خوب است"], 3),
        (["Version 3.5 is out."], 1),
        ([], 0),
    ],
)
def test_sentences_are_counted_with_and_without_punctuation(texts: list[str], sentences: int) -> None:
    assert measure(spoken(*texts)).sentences == sentences


def test_characters_leave_line_breaks_out() -> None:
    assert measure(spoken("ab c", "de")).characters == 6


def test_shares_are_by_time_and_sum_to_one() -> None:
    turns = [Segment(0, 3, "a", speaker="Agent"), Segment(3, 4, "b", speaker="Customer"), Segment(4, 5, "c", speaker="Agent")]
    found = measure(turns)
    assert [(share.name, share.seconds, share.share) for share in found.speakers] == [("Agent", 4, 0.8), ("Customer", 1, 0.2)]
    assert found.seconds_spoken == 5


def test_a_transcript_without_speakers_has_no_shares() -> None:
    assert measure(spoken("hello")).speakers == []
