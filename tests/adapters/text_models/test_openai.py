"""OpenAI's text models through the real SDK, against an emulator on loopback: what they are asked, and what comes of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.adapters.text_models.samples import ENGLISH, PERSIAN, passages
from tests.emulators.provider import serving
from tests.emulators.text_host import TextHost
from tests.waiting import until
from textor import settings
from textor.adapters.openai_sdk import Host
from textor.adapters.text_models.openai import OpenAITextModel
from textor.adapters.text_models.openai_calls import Calls
from textor.adapters.text_models.port import Brief, Capabilities, Conversation, Message, Passage, Prices, Wanted
from textor.errors import InvalidInput, TextModelError

KEY = "sk-0123456789abcdef-a-key"
SAID = passages("The bridge is closed to lorries.", "Four of the twelve cables are rusty.", "", "Coffee is in the kitchen.")
QUESTION = Conversation([Message("user", "Which cables are rusty?")])


@pytest.fixture(scope="module")
def server() -> Iterator[TextHost]:
    with serving(TextHost(KEY)) as emulator:
        yield emulator


@pytest.fixture
def host(server: TextHost) -> TextHost:
    server.renew()
    return server


@pytest.fixture
def model(host: TextHost) -> OpenAITextModel:
    return at(host)


def at(host: TextHost, *, is_openai: bool = True, key: str = KEY, hear_seconds: float = 5, **more: Any) -> OpenAITextModel:
    """As if the emulator were OpenAI's own host."""
    calls = Calls(connected(key, f"{host.url}/v1", hear_seconds), "gpt-6-luna", "OpenAI", is_openai, reasons=is_openai)
    return OpenAITextModel(calls, Capabilities(window_tokens=20_000), **more)


@cache
def connected(key: str, url: str, hear_seconds: float) -> Host:
    """One connection for all tests: the SDK reads the world's certificates for each."""
    return Host(key, url, hear_seconds)


def of(**environ: str) -> list[OpenAITextModel]:
    """The models that these settings name."""
    return [one for one in OpenAITextModel.from_settings(settings.load(environ)) if isinstance(one, OpenAITextModel)]


def answered(model: OpenAITextModel, said: Sequence[Passage] = SAID) -> tuple[str, list[tuple[int, ...]]]:
    answer = model.answer(QUESTION, said)
    return answer.text, [one.ids for one in answer.citations]


def test_without_a_key_it_says_what_to_set_and_asks_nobody(host: TextHost) -> None:
    (model,) = of()
    assert (model.name, model.availability().ready) == ("gpt-6-luna", False)
    assert "TEXT_API_KEY or OPENAI_API_KEY" in (model.availability().reason or "")
    with pytest.raises(TextModelError, match="Set TEXT_API_KEY"):
        at(host, key="").summarize(SAID, Wanted())
    assert host.calls == []


def test_the_operator_names_the_models_the_first_where_none_is_chosen() -> None:
    models = of(TEXT_MODEL="gpt-6.2-sol, gpt-6-luna,gpt-6.2-sol", OPENAI_API_KEY=KEY)
    assert [(one.name, one.title, one.availability().ready) for one in models] == [
        ("gpt-6.2-sol", "gpt-6.2-sol", True),
        ("gpt-6-luna", "gpt-6-luna", True),
    ]


def test_a_compatible_host_needs_a_model_and_may_need_no_key() -> None:
    (unnamed,) = of(TEXT_BASE_URL="http://127.0.0.1:11434/v1")
    assert (unnamed.name, unnamed.availability().ready) == ("openai", False)
    assert "Set TEXT_MODEL" in (unnamed.availability().reason or "")
    (named,) = of(TEXT_BASE_URL="http://127.0.0.1:11434/v1", TEXT_MODEL="qwen3:8b")
    assert (named.name, named.availability().ready) == ("qwen3:8b", True)


def test_text_has_settings_of_its_own_before_those_of_speech() -> None:
    shared = {"OPENAI_API_KEY": "sk-speech", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "TEXT_MODEL": "a"}
    assert [(one.calls.host.key, one.calls.host.base_url) for one in of(**shared)] == [("sk-speech", "http://127.0.0.1:1/v1")]
    own = of(**shared, TEXT_API_KEY="sk-text", TEXT_BASE_URL="http://127.0.0.1:2/v1")
    assert [(one.calls.host.key, one.calls.host.base_url) for one in own] == [("sk-text", "http://127.0.0.1:2/v1")]


def test_no_key_is_shown_where_it_is_printed(model: OpenAITextModel) -> None:
    assert KEY not in repr(model)


@pytest.mark.parametrize(
    ("environ", "window", "prices"),
    [
        ({"TEXT_MODEL": "gpt-6-luna"}, 272_000, Prices(0.10, 0.50)),
        ({"TEXT_MODEL": "gpt-6-luna-2026-09-22"}, 272_000, Prices(0.10, 0.50)),
        ({"TEXT_MODEL": "gpt-6-luna-fast"}, 272_000, None),
        ({"TEXT_MODEL": "gpt-9"}, 8_000, None),
        ({"TEXT_MODEL": "gpt-9", "TEXT_WINDOW_TOKENS": "32000", "TEXT_PRICES": "gpt-9=1/2"}, 32_000, Prices(1, 2)),
        ({"TEXT_MODEL": "gpt-6-luna", "TEXT_PRICES": "gpt-6-luna=0/0"}, 272_000, Prices(0, 0)),
        ({"TEXT_MODEL": "openai/gpt-6-luna", "TEXT_BASE_URL": "https://gateway.example/v1"}, 272_000, None),
        ({"TEXT_MODEL": "gpt-6-luna", "TEXT_BASE_URL": "https://gateway.example/v1"}, 272_000, None),
        ({"TEXT_MODEL": "llama", "TEXT_BASE_URL": "http://127.0.0.1:1/v1"}, 8_000, None),
    ],
)
def test_what_a_model_reads_and_costs(environ: dict[str, str], window: int, prices: Prices | None) -> None:
    (model,) = of(**environ)
    assert (model.capabilities.window_tokens, model.capabilities.prices) == (window, prices)


def test_nothing_is_stored_there_and_nobody_gets_tools(host: TextHost, model: OpenAITextModel) -> None:
    model.summarize(SAID, Wanted(40))
    (asked,) = host.asked
    assert asked["store"] is False
    assert asked["stream_options"] == {"include_usage": True}
    assert not {"tools", "functions", "tool_choice", "user", "metadata"} & set(asked)


def test_words_transcript_and_wish_each_have_a_message_of_their_own(host: TextHost, model: OpenAITextModel) -> None:
    model.summarize(SAID, Wanted(40, instruction="Only the cables."))
    rules, transcript, read, wish = (one["content"] for one in host.asked[0]["messages"])
    assert [one["role"] for one in host.asked[0]["messages"]] == ["system", "user", "assistant", "user"]
    assert "cables" not in rules and "cables are rusty" in transcript
    assert "Only the cables." in wish and "Only the cables." not in rules + transcript + read


def test_a_conversation_goes_on_behind_the_transcript(host: TextHost, model: OpenAITextModel) -> None:
    talk = [Message("user", "Who?"), Message("assistant", "Dr. Okafor."), Message("user", "When?"), Message("user", "Please.")]
    model.answer(Conversation(talk, max_tokens=50, temperature=1.5), SAID)
    assert [one["content"] for one in host.asked[0]["messages"][3:]] == ["Who?", "Dr. Okafor.", "When?\n\nPlease."]


def test_temperature_and_limit_are_the_users_where_the_model_has_them(host: TextHost) -> None:
    at(host, is_openai=False).answer(replace(QUESTION, max_tokens=50, temperature=1.5), SAID)
    at(host).answer(replace(QUESTION, max_tokens=50, temperature=1.5), SAID)
    elsewhere, at_openai = host.asked
    assert (elsewhere["max_tokens"], elsewhere["temperature"]) == (50, 1.5)
    assert (at_openai["max_completion_tokens"], at_openai["reasoning_effort"]) == (4050, "low")  # it thinks before it speaks
    assert not {"temperature", "max_tokens"} & set(at_openai)


def test_a_summary_loses_its_marks_and_gains_citations_and_topics(host: TextHost, model: OpenAITextModel) -> None:
    host.says = [
        "Four cables are rusty [2]. The bridge is closed to lorries. [1][7]\n\nTOPICS\n- bridge\n2. Bridge\nrusty cables"
    ]
    pieces: list[str] = []
    summary = model.summarize(SAID, Wanted(40), pieces.append)
    assert summary.text == "".join(pieces) == "Four cables are rusty. The bridge is closed to lorries."
    assert pieces == ["Four cables are rusty.", " The bridge is closed to lorries."]
    assert [(one.text, one.start, one.end, one.ids) for one in summary.citations] == [
        ("Four of the twelve cables are rusty.", 4, 8, (2,)),
        ("The bridge is closed to lorries.", 0, 4, (1,)),
    ]
    assert summary.topics == ("bridge", "rusty cables")


def test_invented_citations_are_never_shown(host: TextHost, model: OpenAITextModel) -> None:
    host.says = [
        "The cables are rusty [99] [0]. The bridge was sold to Mars [1]. Somebody said “the bridge is made of cheese” [2]."
    ]
    assert answered(model) == (
        "The cables are rusty. The bridge was sold to Mars. Somebody said “the bridge is made of cheese”.",
        [],
    )


def test_what_a_model_writes_can_be_kept_and_shown(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["Four\x00cables\u202e are \udc00 ru\u200bsty [2]."]
    assert answered(model) == ("Four cables are ? rusty.", [(2,)])


def test_there_is_nothing_secret_in_what_a_model_is_sent(host: TextHost, model: OpenAITextModel) -> None:
    model.summarize(SAID, Wanted(40))
    model.answer(QUESTION, SAID)
    model.imagine(SAID, Brief())
    assert not any(secret in json.dumps(host.asked) for secret in (KEY, host.url, "API_KEY", "http"))


def test_a_model_that_tells_its_rules_tells_everybodys(host: TextHost, model: OpenAITextModel) -> None:
    """What a hostile transcript can get out of it at most."""
    model.summarize(passages("Hello."), Wanted(40))
    rules = host.asked[0]["messages"][0]["content"]
    model.summarize(passages("Another user's words."), Wanted(40))
    assert host.asked[1]["messages"][0]["content"] == rules


def test_a_persian_answer_cites_in_any_spelling(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["مهندس رستمي سقف را بازديد كرد [۴]."]
    assert answered(model, PERSIAN.passages) == ("مهندس رستمي سقف را بازديد كرد.", [(4,)])


def test_no_answer_in_the_transcript_is_no_answer(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["NOT_FOUND. The transcript does not say it."]
    pieces: list[str] = []
    assert model.answer(QUESTION, SAID, pieces.append).text == ""
    assert pieces == []


def test_usage_is_the_hosts_or_an_estimate_that_says_so(host: TextHost, model: OpenAITextModel) -> None:
    counted = model.answer(QUESTION, SAID).usage
    host.fail(on="no_usage")
    estimated = model.answer(QUESTION, SAID).usage
    assert (counted.is_estimated, estimated.is_estimated) == (False, True)
    assert 0 < counted.prompt <= estimated.prompt
    assert estimated.completion > 0


def test_what_does_not_fit_is_refused_before_it_is_sent(host: TextHost, model: OpenAITextModel) -> None:
    with pytest.raises(TextModelError, match=r"more than gpt-6-luna can read at once: about .* and its window has 20,000"):
        model.summarize(passages(*["word " * 1000] * 20), Wanted())
    assert host.asked == []


def test_who_hears_no_more_ends_the_connection(host: TextHost, model: OpenAITextModel) -> None:
    host.seconds = 0.01

    def stop(piece: str) -> None:
        raise ValueError("Stopped")  # whatever it is, it is the caller's own

    with pytest.raises(ValueError, match="Stopped"):
        model.summarize(ENGLISH.passages, Wanted(200), stop)
    until(lambda: host.left == 1, "the host saw the caller go", pause=0.01)
    assert answered(model)[0]


def test_image_prompts_come_with_the_time_they_are_from(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ['Here:\n```json\n{"scenes": [{"prompt": " A rusty\\tcable ", "first": 2, "last": 3}]}\n```']
    imagined = model.imagine(SAID, Brief("flux", look="watercolour", max_scenes=3))
    (scene,) = imagined.scenes
    assert (scene.prompt, scene.start, scene.end, scene.ids) == ("A rusty cable", 4, 8, (2,))
    assert scene.quote == "Four of the twelve cables are rusty."
    assert host.asked[0]["response_format"]["json_schema"]["strict"] is True
    assert "Word it for Flux" in host.asked[0]["messages"][0]["content"]
    assert "watercolour" in host.asked[0]["messages"][3]["content"]


def test_a_bad_answer_is_asked_for_once_more_with_what_is_wrong(host: TextHost, model: OpenAITextModel) -> None:
    host.says = [
        '{"scenes": [{"prompt": "A cable", "first": 2, "last": 77}]}',
        '{"scenes": [{"prompt": "A", "first": 1, "last": 1}]}',
    ]
    imagined = model.imagine(SAID, Brief())
    assert [scene.ids for scene in imagined.scenes] == [(1,)]
    *_, bad, complaint = host.asked[1]["messages"]
    assert bad["content"].endswith('"last": 77}]}')
    assert "passages 2 to 77 of a transcript that has 4" in complaint["content"]
    assert imagined.usage.prompt > 2 * model.imagine(SAID, Brief()).usage.prompt


@pytest.mark.parametrize(
    ("says", "way", "reason"),
    [
        ("I would rather not.", None, "it is not JSON"),
        ('{"scenes": []}', None, "it has no scene in it"),
        ('{"scenes": [{"prompt": "A"}]}', None, "it has not the shape that was asked for (scenes.0.first: Field required)"),
        ('{"scenes": [{"prompt": " ", "first": 1, "last": 1}]}', None, "a prompt is empty"),
        ('{"scenes": [{"prompt": "A", "first": 3, "last": 3}]}', None, "nothing is said in its passages"),
        ('{"scenes": [{"prompt": "A", "first": 2, "last": 1}]}', None, "it names passages 2 to 1"),
        ("", "length", "it was cut off"),
        ("", "refusal", "the model refused: I'm sorry"),
    ],
)
def test_a_second_bad_answer_is_the_end_with_its_reason(
    host: TextHost, model: OpenAITextModel, says: str, way: str | None, reason: str
) -> None:
    host.says = [says or '{"scenes": []}'] * 2
    if way:
        host.fail(on=way)
    with pytest.raises(TextModelError, match="could not be used, twice") as failed:
        model.imagine(SAID, Brief())
    assert reason in failed.value.message
    assert (failed.value.retryable, len(host.asked)) == (False, 2)


def test_where_nobody_asks_there_is_no_call(host: TextHost, model: OpenAITextModel) -> None:
    with pytest.raises(InvalidInput):
        model.answer(Conversation([Message("user", " ")]), SAID)
    assert host.asked == []
