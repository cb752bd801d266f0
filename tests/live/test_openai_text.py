"""The real OpenAI's text models, or those at TEXT_BASE_URL: runs only with a key in the environment, and costs a cent."""

import os

import pytest

from tests.adapters.text_models.samples import SAMPLES, Sample
from textor import settings
from textor.adapters.text_models.openai import OpenAITextModel
from textor.adapters.text_models.port import Brief, Conversation, Message, TextModel, Wanted, count_words
from textor.errors import TextModelError

NAMES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TEXT_API_KEY", "TEXT_BASE_URL", "TEXT_MODEL", "TEXT_WINDOW_TOKENS")
GIVEN = {name: os.environ[name] for name in NAMES if os.environ.get(name)}

pytestmark = [
    pytest.mark.skipif(not {"OPENAI_API_KEY", "TEXT_API_KEY"} & set(GIVEN), reason="no key for text models in the environment"),
    pytest.mark.enable_socket,
]
IN_EVERY_LANGUAGE = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


@pytest.fixture
def model() -> TextModel:
    return OpenAITextModel.from_settings(settings.load(GIVEN))[0]


@IN_EVERY_LANGUAGE
def test_a_summary_keeps_to_its_length_cites_and_has_topics(model: TextModel, sample: Sample) -> None:
    pieces: list[str] = []
    summary = model.summarize(sample.passages, Wanted(80, "key_points", language=sample.language), pieces.append)
    assert 20 < count_words(summary.text) <= 80
    assert len(pieces) > 1
    assert len(summary.citations) >= 2
    assert summary.topics
    assert not summary.usage.is_estimated


@IN_EVERY_LANGUAGE
def test_answers_rest_on_the_passage_that_says_it(model: TextModel, sample: Sample) -> None:
    for question, words in sample.asked[:3]:
        answer = model.answer(Conversation([Message("user", question)], language=sample.language), sample.passages)
        assert any(words in one.text for one in answer.citations), (question, answer)


def test_what_nobody_said_is_not_answered(model: TextModel) -> None:
    asked = Conversation([Message("user", "What is the capital of Mongolia?")])
    assert model.answer(asked, SAMPLES["en"].passages).text == ""


def test_scenes_have_prompts_in_english(model: TextModel) -> None:
    scenes = model.imagine(SAMPLES["fa"].passages, Brief("midjourney", max_scenes=3, language="fa")).scenes
    assert 0 < len(scenes) <= 3
    assert all("--ar" in scene.prompt and scene.prompt.isascii() for scene in scenes)


def test_a_wrong_key_is_refused() -> None:
    model = OpenAITextModel.from_settings(settings.load({**GIVEN, "TEXT_API_KEY": "sk-not-a-key"}))[0]
    if isinstance(model, OpenAITextModel) and model.calls.is_openai:  # others may take any
        with pytest.raises(TextModelError, match="check TEXT_API_KEY"):
            model.summarize(SAMPLES["en"].passages, Wanted())
