"""What AssemblyAI tells beyond the text is kept where it comes, and never costs the text."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.stt.test_assemblyai import NO_OPTIONS, engine, provider, started
from tests.conftest import SHARED, missing
from tests.emulators.assemblyai import AssemblyAI
from textor.adapters.stt import assemblyai_extras as extras
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.domain import details
from textor.domain.transcript import Transcript

__all__ = ["engine", "provider"]

NAMES = (
    "chapters",
    "auto_highlights_result",
    "entities",
    "iab_categories_result",
    "content_safety_labels",
    "sentiment_analysis_results",
    "summary",
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400)
KEYS = st.sampled_from(
    ["results", "summary", "text", "headline", "gist", "start", "end", "timestamps", "rank", "count", "sentiment"]
)
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """The example of a whole answer in the official document."""
    path = SHARED / "specs" / "assemblyai-openapi.json"
    if not path.exists():
        missing("AssemblyAI's OpenAPI document")
    schemas = json.loads(path.read_text(encoding="utf-8"))["components"]["schemas"]
    found: dict[str, Any] = schemas["Transcript"]["example"]
    return found


def test_the_documents_own_example_is_kept_and_can_be_read(
    provider: AssemblyAI, engine: AssemblyAIEngine, example: dict[str, Any]
) -> None:
    provider.extra = {name: example[name] for name in NAMES if example.get(name)}
    heard = engine.check(started(engine), NO_OPTIONS)
    assert isinstance(heard, Transcript)
    assert {"key_phrases", "entities", "topics", "content_safety"} <= set(heard.details)
    read = details.read(json.loads(json.dumps(dict(heard.details))))
    assert read.lists["key_phrases"][0].text == "air quality alerts"
    assert read.lists["key_phrases"][0].start == pytest.approx(3.978)
    assert read.lists["entities"][0].note == "location"
    shares = [item.share or 0 for item in read.lists["topics"]]
    assert shares == sorted(shares, reverse=True)


def test_chapters_have_seconds_and_titles() -> None:
    one = {"gist": "Smog", "headline": "Smog over cities", "summary": "It is smoky.", "start": 250, "end": 28840}
    kept = {"start": 0.25, "end": 28.84, "title": "Smog over cities", "summary": "It is smoky."}
    assert extras.read({"chapters": [one]}) == {"chapters": [kept]}


@pytest.mark.parametrize("time", [10**400, float("nan"), float("inf"), -5, "5", True, None])
def test_a_time_that_is_none_is_no_time(time: object) -> None:
    kept = extras.read({"entities": [{"text": "Canada", "entity_type": "location", "start": time}]})
    assert kept == {"entities": [{"text": "Canada", "kind": "location", "start": None}]}


@pytest.mark.parametrize("value", [None, [], {}, "text", 5, [5], [{"text": ""}], {"results": [None], "summary": {"a": "b"}}])
@pytest.mark.parametrize("name", NAMES[:-1])
def test_another_shape_is_left_out_and_the_text_is_there(
    provider: AssemblyAI, engine: AssemblyAIEngine, name: str, value: object
) -> None:
    provider.extra = {name: value}
    heard = engine.check(started(engine), NO_OPTIONS)
    assert isinstance(heard, Transcript)
    assert list(heard.segments)
    assert not set(heard.details) & {"chapters", "key_phrases", "entities", "topics", "content_safety", "sentiments"}


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_whatever_comes_is_read(answer: dict[str, Any]) -> None:
    kept = extras.read(answer)
    json.dumps(kept, allow_nan=False)
