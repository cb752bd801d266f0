"""Spellings that people take for the same are the same to a search, and a word knows where it stands."""

import pytest

from textor.domain import folding


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كتاب يكي", "کتاب یکی"),
        ("مدرسة", "مدرسه"),
        ("خانۀ ما", "خانهٔ ما"),
        ("خانهٔ ما", "خانه ما"),
        ("مَدرِسَةٌ", "مدرسه"),
        ("كِتَابٌ", "کتاب"),
        ("می\u200cخواهم", "میخواهم"),
        ("مـــدرســه", "مدرسه"),
        ("آب أحمد إلى ٱلله", "اب احمد الی الله"),
        ("مؤمن مسئول", "مومن مسیول"),
        ("ﻛﺘﺎﺏ", "کتاب"),
        ("۱۲۳ ٤٥٦ ５", "123 456 5"),
        ("STRASSE Straße", "strasse STRAẞE"),
        ("Café Crème naïve", "cafe creme naive"),
        ("cafe\u0301", "café"),
        ("İstanbul ışık", "istanbul isik"),
        ("Łódź Ørsted Đorđe", "lodz orsted dorde"),
        ("ﬁne ＦＵＬＬ", "fine full"),
        ("Ёлка ΣΊΣΥΦΟΣ", "елка σισυφοσ"),
        ("שָׁלוֹם", "שלום"),
        ("re\u00adcord\u200e", "record"),
        ("ｶﾞｷﾞ", "ガギ"),
    ],
)
def test_spellings_of_one_word_are_one_word(one: str, other: str) -> None:
    assert folding.fold(one) == folding.fold(other)


@pytest.mark.parametrize(("one", "other"), [("کار", "گار"), ("شیر", "سیر"), ("が", "か"), ("की", "का"), ("한", "하"), ("1", "2")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert folding.fold(one) != folding.fold(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("e-mail: l'École_2.mp3!", ["e", "mail", "l", "ecole", "2", "mp3"]),
        ("سلام، دنیا؟ «خوب»", ["سلام", "دنیا", "خوب"]),
        ("東京タ w1", ["東", "京", "タ", "w1"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        (" \0\t\n\"'*()%_\ud800", []),
        ("", []),
    ],
)
def test_words_are_letters_and_digits(text: str, words: list[str]) -> None:
    assert folding.words(text) == words


def test_no_character_makes_a_word_that_a_query_would_read_as_more_than_letters() -> None:
    made = {word for code in range(0x20000) for word in folding.words(chr(code))}
    assert not [word for word in made if any(one.isspace() or (one.isascii() and not one.isalnum()) for one in word)]
    assert len(made) > 50_000


def test_a_word_knows_what_is_written_at_its_place() -> None:
    text = "آن كتاب‌هاي مَن، Café!"
    found = list(folding.tokens(text))
    assert [text[token.start : token.end] for token in found] == ["آن", "كتاب‌هاي", "مَن", "Café"]
    assert [token.key for token in found] == folding.words(text)


def test_what_joiners_hold_together_has_parts() -> None:
    assert folding.parts("کتاب\u200cهای من، می\u200cروم \u200cتنها\u200c") == ["کتاب", "های", "می", "روم"]
    assert [token.parts for token in folding.tokens("کتاب\u200cهای من")] == [("کتاب", "های"), ()]
    assert folding.parts("nothing joined") == []


def test_a_word_without_an_end_is_cut() -> None:
    assert folding.words("a" * 10_000) == ["a" * folding.LONGEST]
