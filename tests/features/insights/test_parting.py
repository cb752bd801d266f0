"""Transcripts longer than a model's window, in parts; and the scenes shared out among them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeTextModel
from textor.adapters.text_models.port import Passage
from textor.features.insights import parting


def passages(*texts: str) -> list[Passage]:
    return [Passage(n, 10.0 * n, 10.0 * n + 10, text) for n, text in enumerate(texts)]


def model(window: int | None) -> FakeTextModel:
    return FakeTextModel(window_tokens=window)


def test_a_model_without_a_window_reads_all_at_once() -> None:
    (part,) = parting.parts(model(None), passages("one", " ", "two"), 5)
    assert ([(one.id, one.text) for one in part.passages], part.max_scenes) == ([(0, "one"), (1, "two")], 5)


def test_a_text_of_nothing_has_no_parts() -> None:
    assert parting.parts(model(8000), passages(" ", ""), 5) == []


@given(
    st.lists(st.text("ab .!؟", max_size=4000), max_size=30),
    st.integers(1, 100),
    st.integers(2000, 20_000),
)
def test_every_part_fits_the_window_and_nothing_is_left_out(texts: list[str], scenes: int, window: int) -> None:
    reader = model(window)
    found = parting.parts(reader, passages(*texts), scenes, "wishes")
    assert all(sum(reader.tokens(one.text) for one in part.passages) + parting.OWN_TOKENS <= window for part in found)
    assert sum(part.max_scenes for part in found) == (scenes if found else 0)
    read = "".join(one.text for part in found for one in part.passages)
    assert "".join(read.split()) == "".join("".join(texts).split()) or len(found) == scenes
    assert [one.id for part in found for one in part.passages] == sorted({one.id for part in found for one in part.passages})


def test_a_line_that_is_longer_than_a_call_is_cut_between_sentences_with_its_share_of_time() -> None:
    text = "This is a sentence of some words. " * 400
    found = parting.parts(model(4000), passages(text), 4)
    pieces = [one for part in found for one in part.passages]
    assert len(pieces) > 1
    assert all(one.text.endswith("words.") for one in pieces)
    assert (pieces[0].start, pieces[-1].end) == (0.0, 10.0)
    assert all(before.end == after.start for before, after in pairwise(pieces))


@pytest.mark.parametrize(
    ("lengths", "scenes", "shares"),
    [
        ([100], 7, [7]),
        ([100, 100, 100], 3, [1, 1, 1]),
        ([300, 100], 6, [4, 2]),
        ([1, 1000], 10, [1, 9]),
        ([5, 9, 7], 2, [0, 1, 1]),
    ],
)
def test_scenes_are_shared_out_by_length(lengths: list[int], scenes: int, shares: list[int]) -> None:
    assert parting._shares(lengths, scenes) == shares
