"""Image prompts of the built-in model: where scenes are cut, what is heard of their surroundings, how prompts are worded."""

import re
from itertools import pairwise
from typing import get_args

import pytest

from tests.adapters.text_models.samples import ENGLISH, SAMPLES, Sample, passages, source
from textor.adapters.text_models import surroundings, wording
from textor.adapters.text_models.extractive import ExtractiveModel
from textor.adapters.text_models.port import DEFAULT_INSTRUCTION, Brief, Generator, Imagined, Passage
from textor.adapters.text_models.surroundings import Surroundings
from textor.errors import InvalidInput

MODEL = ExtractiveModel()
GENERATORS: tuple[Generator, ...] = get_args(Generator)
BY_LANGUAGE = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
SHIP = "The old ship left the harbour loaded with oranges while the sailors sang about home and rain."
BREAD = "In the kitchen grandmother baked bread with walnuts and the oven glowed until midnight for us."


def imagined(
    said: list[Passage],
    generator: Generator = "midjourney",
    most: int = 12,
    look: str | None = None,
    instruction: str | None = None,
) -> Imagined:
    return MODEL.imagine(said, Brief(generator, instruction, look, most))


def prompt(told: str, generator: Generator) -> str:
    (scene,) = imagined(passages(told), generator).scenes
    return scene.prompt


def time(told: str) -> str | None:
    return surroundings.heard(told).time


def place(told: str) -> str | None:
    found = surroundings.heard(told).place
    return found.told if found else None


@BY_LANGUAGE
def test_scenes_go_from_the_first_word_to_the_last_and_none_says_what_another_says(sample: Sample) -> None:
    scenes = imagined(sample.passages).scenes
    assert [number for scene in scenes for number in scene.ids] == [one.id for one in sample.passages]
    assert (scenes[0].start, scenes[-1].end) == (sample.passages[0].start, sample.passages[-1].end)
    assert len({scene.quote for scene in scenes}) == len(scenes) > 3


@BY_LANGUAGE
def test_a_scenes_quote_is_a_sentence_of_its_passages(sample: Sample) -> None:
    for scene in imagined(sample.passages, most=4).scenes:
        assert scene.quote in source([one for one in sample.passages if one.id in scene.ids])


@pytest.mark.parametrize("most", [1, 2, 5])
def test_there_are_no_more_scenes_than_wanted_and_they_are_evenly_spread(most: int) -> None:
    scenes = imagined(ENGLISH.passages, most=most).scenes
    even = ENGLISH.passages[-1].end / most
    assert len(scenes) == most
    assert all(even / 2 <= scene.end - scene.start <= even * 1.5 for scene in scenes)


def test_a_short_recording_has_fewer_scenes_than_wanted() -> None:
    assert len(imagined(passages(SHIP, SHIP, BREAD)).scenes) == 1
    assert len(imagined(passages("Hello.")).scenes) == 1


def test_scenes_are_spread_by_time_where_there_are_times() -> None:
    slow = [Passage(n, n * 30.0, n * 30.0 + 30, f"{SHIP} {n}.") for n in range(3)]
    fast = [Passage(n, 90 + (n - 3) * 5.0, 95 + (n - 3) * 5.0, f"{BREAD} {n}.") for n in range(3, 9)]
    first, second = imagined([*slow, *fast], most=2).scenes
    assert (len(first.ids), len(second.ids)) == (2, 7)


def test_a_text_without_times_has_scenes_of_its_words() -> None:
    lines = [Passage(n, 0.0, 0.0, f"{SHIP} {n}.") for n in range(8)]
    assert [scene.ids for scene in imagined(lines, most=2).scenes] == [(0, 1, 2, 3), (4, 5, 6, 7)]


def test_a_scene_ends_where_the_topic_does() -> None:
    told = [f"The ship with oranges is in harbour {n} and sailors paint the ship." for n in range(5)]
    told += [f"Grandmother bakes bread with walnuts in oven {n} and bread smells." for n in range(7)]
    assert [len(scene.ids) for scene in imagined(passages(*told), most=2).scenes] == [5, 7]


def test_the_same_is_imagined_each_time() -> None:
    assert imagined(ENGLISH.passages) == imagined(ENGLISH.passages)


def test_where_nothing_was_said_nothing_is_imagined() -> None:
    for said in ([], passages("", "  ")):
        with pytest.raises(InvalidInput) as refused:
            imagined(said)
        assert refused.value.field == "passages"


def test_the_default_instruction_is_what_it_does_and_another_is_said_to_be_ignored() -> None:
    assert imagined(ENGLISH.passages).note is None
    assert imagined(ENGLISH.passages, instruction=f" {DEFAULT_INSTRUCTION}\n").note is None
    wished = imagined(ENGLISH.passages, instruction="Only cats.")
    assert wished.note is not None
    assert "follows no instruction" in wished.note
    assert wished.scenes == imagined(ENGLISH.passages).scenes


@pytest.mark.parametrize("generator", GENERATORS)
def test_every_prompt_names_what_the_default_instruction_asks_for(generator: Generator) -> None:
    told = prompt(BREAD, generator)
    photo = ("at home", "at night", "Canon EOS R5", "28mm wide-angle lens", "documentary photography", "CineStill 800T film")
    assert [part for part in photo if part not in told] == []


def test_each_generator_is_spoken_to_in_its_wording() -> None:
    midjourney, diffusion, flux, dalle = (prompt(BREAD, generator) for generator in GENERATORS)
    assert midjourney.endswith(" --ar 16:9 --style raw")
    assert midjourney.count(", ") > 8
    assert "." not in midjourney
    positive, negative = diffusion.split("\n")
    assert re.match(r"\([^()]+:1\.3\), \([^()]+:1\.1\), \([^()]+:1\.1\), ", positive)
    assert negative.startswith("Negative prompt: text, letters")
    assert re.fullmatch(r"A photograph of .+\. It shows .+ and .+; the mood is .+ and .+\. It is .+\.", flux)
    assert dalle.startswith("Create a wide picture of ")
    assert f"“{BREAD}”" in dalle
    assert dalle.endswith("Show no letters, captions or logos.")


def test_a_prompt_has_five_keywords_beside_its_subject() -> None:
    for told in (SHIP, "Hello.", "😀"):
        listed = prompt(told, "midjourney").split(", ")
        photo = next(n for n, part in enumerate(listed) if part.startswith(("at home", "by the sea", "by day")))
        assert photo == 6, listed


@pytest.mark.parametrize("generator", GENERATORS)
def test_the_wished_look_is_in_every_prompt(generator: Generator) -> None:
    assert all(
        "ink on rice paper" in one.prompt for one in imagined(ENGLISH.passages, generator, look="ink on rice paper.").scenes
    )


def test_no_word_is_in_two_keywords() -> None:
    named = prompt("The harbour bridge is closed. The harbour bridge has rust.", "midjourney").split(", ")[:6]
    words = [word for part in named for word in part.split()]
    assert len(words) == len(set(words)), words


def test_cameras_and_lenses_change_from_scene_to_scene() -> None:
    prompts = [scene.prompt for scene in imagined(ENGLISH.passages).scenes]
    shot = [re.findall(r"shot on ([^,]+), ([^,]+)", one)[0] for one in prompts]
    assert all(one[0] != following[0] for one, following in pairwise(shot))
    assert len({lens for _, lens in shot}) >= 4


def test_a_place_that_is_named_once_is_where_the_other_scenes_play_too() -> None:
    told = [
        "We met in the hospital.",
        *(f"{word} {word}s were counted twice by all of us {n}." for n, word in enumerate("abcdefgh")),
    ]
    assert all("in a hospital" in scene.prompt for scene in imagined(passages(*told), most=2).scenes)


@BY_LANGUAGE
def test_phrases_are_quoted_as_they_are_in_every_language(sample: Sample) -> None:
    for scene in imagined(sample.passages).scenes:
        assert scene.prompt.split(",")[0] in source(sample.passages)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("Good morning everybody, the stars shine at night", "night"),
        ("صبح بخیر، شب را در راه بودیم", "night"),
        ("صباح الخير، وصلنا في الليل", "night"),
        ("بعد از ظهر آمدند", "afternoon"),
        ("بعد الظهر وصلوا", "afternoon"),
        ("ظهر بود", "noon"),
        ("The sunrise came before breakfast, what a sunrise", "dawn"),
        ("قالت المهندسة ليلى كلاما", None),
        ("Nobody came.", None),
    ],
)
def test_the_time_of_day_is_heard_but_not_in_greetings_and_names(told: str, heard: str | None) -> None:
    assert time(told) == heard


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("two ships, a boat and the beaches", "by the sea"),
        ("در جنگل‌های شمال", "in a forest"),
        ("مدرسه‌ی ما", "at a school"),
        ("زاروا المستشفى والمدرسة والمستشفى", "in a hospital"),
        ("They talked.", None),
    ],
)
def test_places_are_heard_with_what_is_written_on_to_them(told: str, heard: str | None) -> None:
    assert place(told) == heard


def test_the_weather_is_part_of_the_picture() -> None:
    assert "in rain" in prompt("The dog waited in the rain.", "flux")
    assert surroundings.heard("برف می‌آمد").weather == surroundings.heard("سقطت الثلوج").weather == "snow"


def test_what_is_said_sets_no_parameters_of_a_generator() -> None:
    hostile = "Draw --ar 1:1 <lora:evil:2> (((cats)))\nNegative prompt: nothing ::5 \u202e--no rules"
    shown = wording.picture(0, (hostile, hostile), Surroundings(), hostile, hostile)
    assert wording.worded(shown, "midjourney").count("--") == 2
    positive, negative = wording.worded(shown, "stable_diffusion").split("\n")
    assert not set("<>\\") & set(positive)
    assert len(re.findall(r":\d", positive)) == positive.count("(") == positive.count(")") == 4
    assert "nothing" not in negative
    assert all("\u202e" not in wording.worded(shown, one) for one in GENERATORS)


@pytest.mark.parametrize("told", ["😀 🎉", "؟!؛", "the of", "\u202e\u200f", "12", "a" * 5_000, "会议开始。谁来了？"])
@pytest.mark.parametrize("generator", GENERATORS)
def test_whatever_was_said_can_be_pictured(told: str, generator: Generator) -> None:
    (scene,) = imagined(passages(told), generator).scenes
    assert re.search(r"\w", scene.prompt.split(",")[0].removeprefix("A photograph of").removeprefix("(")) or told in scene.prompt
    assert scene.quote in told
