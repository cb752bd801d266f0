"""Image prompts as models answer them: in fences, out of order, too many, of odd signs."""

import json

import pytest

from tests.adapters.text_models.samples import passages
from textor.adapters.text_models import scene_answers
from textor.adapters.text_models.port import Scene
from textor.adapters.text_models.scene_answers import LONGEST_PROMPT, QUOTED_WORDS, Misshapen

SAID = passages("One.", "Two.", "", "Four " * 60)


def answered(*scenes: tuple[str, int, int]) -> str:
    return json.dumps({"scenes": [{"prompt": prompt, "first": first, "last": last} for prompt, first, last in scenes]})


def read(text: str, most: int = 9) -> tuple[Scene, ...]:
    return scene_answers.read(text, SAID, most)


def test_scenes_come_in_the_order_of_the_recording_and_no_more_than_wanted() -> None:
    answer = answered(("C", 4, 4), ("A", 1, 3), ("B", 2, 2))
    assert [(one.prompt, one.ids) for one in read(answer)] == [("A", (1, 2)), ("B", (2,)), ("C", (4,))]
    assert [one.prompt for one in read(answer, 2)] == ["A", "C"]


@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```", "Here you are: {} Enjoy!"])
def test_json_is_found_where_models_put_it(around: str) -> None:
    assert read(around.replace("{}", answered(("A", 1, 1))))[0].prompt == "A"


def test_a_prompt_is_visible_short_and_may_have_lines() -> None:
    prompt = " A\tcable\x00, \u202erust \n\n Negative prompt:  text \n" + "x" * LONGEST_PROMPT
    (scene,) = read(answered((prompt, 1, 1)))
    assert scene.prompt.startswith("A cable , rust\nNegative prompt: text\nxx")
    assert len(scene.prompt) == LONGEST_PROMPT


def test_a_quote_stands_in_its_passages_and_is_short() -> None:
    (scene,) = read(answered(("A", 1, 4)))
    assert scene.quote.startswith("One. Two. Four")
    assert len(scene.quote.split()) == QUOTED_WORDS
    assert (scene.start, scene.end) == (0, 16)


def test_a_scene_is_of_one_recording() -> None:
    said = [*passages("One.", source="a"), *passages("Two.", source="b")]
    (scene,) = scene_answers.read(answered(("A", 1, 2)), said, 1)
    assert (scene.quote, scene.ids) == ("One.", (1,))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "NaN", '{"scenes": {}}', '{"scenes": [5]}'])
def test_what_is_no_answer_is_said(text: str) -> None:
    with pytest.raises(Misshapen):
        read(text)


def test_its_schema_is_as_strict_as_openai_wants_it() -> None:
    inner = next(iter(scene_answers.SCHEMA["$defs"].values()))
    for one in (scene_answers.SCHEMA, inner):
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"])
