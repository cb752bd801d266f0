"""Citations are kept where the passage says what the sentence says."""

from dataclasses import replace

import pytest

from tests.adapters.text_models.samples import PERSIAN, passages
from textor.adapters.text_models.citing import MOST_TOGETHER, Citing
from textor.adapters.text_models.marks import Said
from textor.adapters.text_models.port import Passage

SAID = passages(
    "Dr. Okafor led the inspection of the bridge.",
    "She found rust in four of the twelve steel cables.",
    "",
    "The ferry does not run at night.",
    "Okay.",
)


def cited(text: str, *numbers: int, said: list[Passage] = SAID) -> list[tuple[int, ...]]:
    citing = Citing(said)
    citing.add(Said(text, numbers))
    return [one.ids for one in citing.citations]


@pytest.mark.parametrize(
    ("text", "numbers", "ids"),
    [
        ("Okafor inspected the bridge.", (1,), [(1,)]),
        ("The inspection was led by Okafor, who found rusty steel cables.", (1, 2), [(1, 2)]),
        ("The ferry does not run at night, and cables rust in steel.", (4, 2), [(2,), (4,)]),
        ("The moon is made of cheese.", (1, 2, 4), []),
        ("The bridge is made of cheese.", (1,), []),
        ("Okafor inspected the bridge.", (0, 6, 99, -1), []),
        ("Okafor inspected the bridge.", (3,), []),
        ("Everybody said okay.", (5,), []),
        ("The report says “four of the twelve steel cables”.", (2,), [(2,)]),
        ("The report says «FOUR of the twelve, steel cables».", (2,), [(2,)]),
        ("The report on steel cables says “nine of the twelve steel cables”.", (2,), []),
        ('She is the "boss" of the inspection of the bridge.', (1,), [(1,)]),
    ],
)
def test_what_a_sentence_cites_must_bear_it_out(text: str, numbers: tuple[int, ...], ids: list[tuple[int, ...]]) -> None:
    assert cited(text, *numbers) == ids


def test_a_citation_is_word_for_word_and_when_it_was_said() -> None:
    citing = Citing(passages("  She found \n rust ", "in the steel cables."))
    for _ in range(2):
        citing.add(Said("Rust was found in steel cables.", (1, 2)))
    (one,) = citing.citations  # the same one again is no other
    assert (one.text, one.start, one.end) == ("She found rust in the steel cables.", 0, 8)


def test_persian_is_compared_folded() -> None:
    assert cited("تعمير سقف كتابخانه: تعویض تیر‌های چوبی", 7, said=PERSIAN.passages) == [(7,)]


def test_recordings_are_cited_apart() -> None:
    first, second = passages("Rust in the steel cables.", "More rust in the steel cables.")
    said = [replace(first, source="a"), replace(second, source="b")]
    assert cited("Steel cables rust.", 1, 2, said=said) == [(1,), (2,)]


def test_a_citation_has_a_bounded_length() -> None:
    said = passages(*["Steel cables rust."] * 20)
    assert [len(ids) for ids in cited("Steel cables rust.", *range(1, 21), said=said)] == [MOST_TOGETHER, MOST_TOGETHER, 4]
