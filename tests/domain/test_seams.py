"""Where two hearings of the same words are joined: however the words are written, and without their times."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.hearing import assert_sensible, said, sliced, texts, true_words, two, untimed
from textor.domain import seams
from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment, plain_text

MANY = settings(max_examples=300, deadline=None)


def normal(word: str) -> str:
    return seams._key(word)


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("می‌خواهم كتاب را", "مي خواهم کتاب را، بخوانم", "می‌خواهم کتاب را، بخوانم"),
        ("قالَ المُدير شيئاً", "قال المدير شيئا اليوم", "قالَ المُدير شيئاً اليوم"),
        ("It costs 15 Euro.", "it costs ۱۵ euro today", "It costs ۱۵ euro today"),
        ("Don’t stop me", "don't STOP me, now", "Don’t STOP me, now"),
    ],
)
def test_words_are_the_same_however_they_are_written(left: str, right: str, whole: str) -> None:
    found = plain_text(two([said(left, 8)], [said(right, 8)], start=7.8, end=8 + 0.4 * len(left.split()) + 0.2)).replace(
        "\n", " "
    )
    assert [normal(word) for word in found.split()][-3:] == [normal(word) for word in whole.split()][-3:]
    assert len(found.split()) in {len(whole.split()), len(right.split())}


def test_punctuation_and_capitals_of_the_text_stay_with_their_words() -> None:
    def written(segment: Segment, text: str) -> Segment:
        return replace(segment, text=text)

    left = written(said("well hello there my friend how a", 7), "Well, hello there! My friend, how a")
    right = written(said("there my friend how are you today", 7.8), "there! My friend, how are you today?")
    whole = two([left], [right], start=7.7, end=9.6)
    assert texts(whole) == ["Well, hello there! My friend, how are you today?"]
    assert_sensible(whole)


def test_capitals_in_words_and_text_may_differ() -> None:
    left = replace(said("THE end of the story i", 7), text="The end of the story. I")
    assert texts(two([left], [said("story is over", 8.6)], start=8.4, end=9.5)) == ["The end of the story. is over"]
    left = replace(said("İstanbul güzel bir şeh", 7), text="İstanbul güzel bir şeh")
    assert texts(two([left], [said("bir şehir", 7.8)], start=7.7, end=8.5)) == ["İstanbul güzel bir şehir"]


def test_a_text_that_lacks_its_words_is_made_of_them_when_it_is_cut() -> None:
    left = replace(said("uno dos tres cuatro", 7.5), text="1 2 3 4")
    whole = two([left], [said("tres cuatro cinco seis", 8.3)], start=8.2, end=9.2)
    assert plain_text(whole) == "uno dos tres cuatro cinco seis"


def test_texts_without_word_times_are_joined_at_what_they_share() -> None:
    left = untimed("We met in the spring and then we went to the old town by the ri", 0, 10)
    right = untimed("own to the old town by the river and had a very good time there", 7, 20)
    whole = two([left], [right])
    assert (
        plain_text(whole).replace("\n", " ")
        == "We met in the spring and then we went to the old town by the river and had a very good time there"
    )
    assert_sensible(whole)


def test_minutes_of_text_in_one_segment_are_joined_at_its_end() -> None:
    words = [f"w{n % 90}" if n % 3 else "the" for n in range(900)]
    left = untimed(" ".join([*words[:500], "x"]), 0, 203)
    right = untimed(" ".join(["y", *words[494:]]), 200, 400)
    whole = merged([Heard(0, 203, 0, None, [left]), Heard(200, 400, 3, None, [right])])
    assert plain_text(whole).split() == words
    assert_sensible(whole)


def test_chinese_is_joined_letter_by_letter() -> None:
    whole = two([untimed("我们今天去学校然后回", 0, 10)], [untimed("去学校然后回家吃饭", 7, 20)], start=6, end=10)
    assert plain_text(whole).replace("\n", "") == "我们今天去学校然后回家吃饭"


def test_texts_that_share_nothing_are_joined_in_the_middle_and_never_empty() -> None:
    whole = two([untimed("a b c d e f g h i j", 0, 10)], [untimed("k l m n o p q r s t", 7, 17)])
    kept = plain_text(whole).split()
    assert kept[:7] == list("abcdefg")
    assert kept[-7:] == list("nopqrst")
    assert len(kept) <= 18
    assert_sensible(whole)


@MANY
@given(seed=st.integers(0, 10**9), overlap=st.floats(2.5, 4))
def test_texts_without_word_times_keep_every_word_once(seed: int, overlap: float) -> None:
    chance = random.Random(seed)
    words = true_words(chance, 60)
    slices = [
        replace(one, segments=[replace(segment, words=()) for segment in one.segments]) for one in sliced(chance, words, overlap)
    ]
    whole = merged(slices)
    found = plain_text(whole).split()
    assert abs(len(found) - len(words)) <= 2 * len(slices)  # without times a seam where both misheard can be off by a word
    assert_sensible(whole)
