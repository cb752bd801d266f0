"""Transcripts longer than a model's window, in parts; and the scenes shared out among them."""

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


@given(st.lists(st.text("ab .!؟", max_size=4000), max_size=30), st.integers(1, 100), st.integers(6000, 40_000))
def test_every_part_fits_the_window_and_nothing_is_left_out(texts: list[str], scenes: int, window: int) -> None:
    reader = model(window)
    found = parting.parts(reader, passages(*texts), scenes, "wishes")
    for part in found:
        assert sum(reader.tokens(one.text) for one in part.passages) + part.max_scenes * parting.SCENE_TOKENS <= window
        assert 1 <= part.max_scenes <= parting.SCENES_AT_ONCE
    assert sum(part.max_scenes for part in found) <= scenes
    read = "".join(one.text for part in found for one in part.passages)
    assert "".join(read.split()) == "".join("".join(texts).split()) or len(found) == scenes
    numbers = [one.id for part in found for one in part.passages]
    assert numbers == sorted(set(numbers))


def test_more_scenes_than_an_answer_holds_are_told_in_several() -> None:
    found = parting.parts(model(8000), passages(*["word " * 20] * 40), 12)
    assert (len(found), sum(part.max_scenes for part in found)) == (4, 12)


def test_a_line_that_is_longer_than_a_call_is_cut_between_sentences() -> None:
    found = parting.parts(model(6000), passages("This is a sentence of some words. " * 800), 4)
    pieces = [one for part in found for one in part.passages]
    assert len(pieces) > 1
    assert all(one.text.endswith("words.") for one in pieces)


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
