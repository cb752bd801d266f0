"""Hosts that speak OpenAI's language with an accent: without schemas, without names that are new, without some parameters."""

import json

import pytest

from tests.adapters.text_models.test_openai import QUESTION, SAID, at, host, server
from tests.emulators.text_host import TextHost
from textor.adapters.text_models.port import Brief, Wanted
from textor.errors import TextModelError

__all__ = ["host", "server"]


def shapes(host: TextHost) -> list[str]:
    """How each call was held to a shape."""
    return [one.get("response_format", {}).get("type", "") for one in host.asked]


def limits(host: TextHost) -> list[str]:
    return [next((name for name in ("max_tokens", "max_completion_tokens") if name in one), "") for one in host.asked]


@pytest.mark.parametrize("names_parameters", [True, False])
def test_a_host_without_schemas_is_asked_for_json_and_then_for_plain_text(host: TextHost, names_parameters: bool) -> None:
    host.lacks, host.names_parameters = {"json_schema", "json_object"}, names_parameters
    model = at(host, is_openai=False)
    assert model.imagine(SAID, Brief(max_scenes=2)).scenes
    assert shapes(host) == ["json_schema", "json_object", ""]
    model.imagine(SAID, Brief())
    assert shapes(host)[3:] == [""]  # what it has refused is not tried again


def test_a_host_that_knows_json_objects_alone_gets_those(host: TextHost) -> None:
    host.lacks = {"json_schema"}
    assert at(host, is_openai=False).imagine(SAID, Brief()).scenes
    assert shapes(host) == ["json_schema", "json_object"]


@pytest.mark.parametrize(
    ("is_openai", "lacks", "asked"),
    [
        (True, {"max_completion_tokens"}, ["max_completion_tokens", "max_tokens"]),
        (False, {"max_tokens"}, ["max_tokens", "max_completion_tokens"]),
        (False, {"max_tokens", "max_completion_tokens"}, ["max_tokens", "max_completion_tokens", ""]),
    ],
)
def test_the_limit_goes_by_the_name_that_the_host_knows(
    host: TextHost, is_openai: bool, lacks: set[str], asked: list[str]
) -> None:
    host.lacks = lacks
    model = at(host, is_openai=is_openai)
    assert model.summarize(SAID, Wanted(40)).text
    assert limits(host) == asked
    model.answer(QUESTION, SAID)
    assert limits(host) == [*asked, asked[-1]]


@pytest.mark.parametrize("names_parameters", [True, False])
def test_what_a_host_does_not_take_is_left_out(host: TextHost, names_parameters: bool) -> None:
    host.lacks, host.names_parameters = {"temperature", "stream_options"}, names_parameters
    answer = at(host, is_openai=False).answer(QUESTION, SAID)
    assert answer.text and answer.usage.is_estimated
    assert len(host.asked) == 3
    assert not {"temperature", "stream_options"} & set(host.asked[-1])


def test_a_parameter_may_be_named_beside_the_words(host: TextHost) -> None:
    error = {"message": "Invalid value.", "type": "invalid_request_error", "param": "response_format.json_schema", "code": None}
    host.fail(on="chat", calls=1, status=400, body=json.dumps({"error": error}))
    assert at(host, is_openai=False).imagine(SAID, Brief()).scenes
    assert shapes(host) == ["json_object"]  # the emulator does not see what a fault answers


def test_a_compatible_host_gets_nothing_that_only_openai_knows(host: TextHost) -> None:
    at(host, is_openai=False).summarize(SAID, Wanted(40))
    assert not {"store", "reasoning_effort", "max_completion_tokens"} & set(host.asked[0])


def test_openai_may_drop_what_it_knows_today(host: TextHost) -> None:
    host.lacks = {"reasoning_effort", "store"}
    assert at(host).summarize(SAID, Wanted(40)).text
    assert not {"reasoning_effort", "store"} & set(host.asked[-1])


def test_a_refusal_of_something_else_is_the_end(host: TextHost) -> None:
    host.lacks = {"messages"}
    with pytest.raises(TextModelError, match="'messages' is not supported"):
        at(host).summarize(SAID, Wanted(40))
    assert len(host.asked) == 1


def test_what_a_model_thinks_aloud_is_not_its_answer(host: TextHost) -> None:
    host.says = ["<think>\nCables? [1] Rusty.\n</think>\n\nFour cables are rusty [2]."]
    pieces: list[str] = []
    assert at(host, is_openai=False).answer(QUESTION, SAID, pieces.append).text == "Four cables are rusty."
    assert pieces == ["Four cables are rusty."]
