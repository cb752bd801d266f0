"""What engines tell beyond the text: the known is understood, the unknown shown, and nothing breaks whatever it is."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from textor.domain import details
from textor.domain.details import LISTS, LONGEST_NAME, LONGEST_TEXT, MOST_FACTS, MOST_ITEMS, Item

MANY = settings(max_examples=300, deadline=None)
TEXTS = st.text(st.characters(), max_size=8) | st.just("x" * 2_000)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(10**400)
NAMES = TEXTS | st.sampled_from([*LISTS, "slices", "gaps", "text", "title", "start", "share", "count", "summary", "kind"])
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


def test_known_lists_are_understood() -> None:
    told = {
        "chapters": [{"start": 0.5, "end": 9, "title": "Greetings", "summary": "They greet."}],
        "key_phrases": [{"text": "air quality", "start": 3.9, "count": 2, "share": 0.08}],
        "entities": [{"text": "Canada", "kind": "location", "start": 2}],
    }
    read = details.read(told)
    assert read.lists == {
        "chapters": [Item("Greetings", 0.5, "They greet.")],
        "key_phrases": [Item("air quality", 3.9, count=2, share=0.08)],
        "entities": [Item("Canada", 2.0, "location")],
    }
    assert (read.facts, read.is_cut) == ([], False)


def test_what_is_unknown_is_shown_as_it_is() -> None:
    told = {"model": {"name": "big", "arch": [1, 2.5, True]}, "more": [{"a": None, "b": "two\nlines"}], "none": None}
    assert details.read(told).facts == [("model.name", "big"), ("model.arch", "1, 2.5, true"), ("more.1.b", "two lines")]


def test_a_known_name_with_another_shape_is_a_fact() -> None:
    read = details.read({"chapters": "none", "topics": [{"text": "news"}, {"name": "sport"}]})
    assert read.lists == {}
    assert read.facts == [("chapters", "none"), ("topics.1.text", "news"), ("topics.2.name", "sport")]


def test_textors_own_notes_are_no_details() -> None:
    assert details.read({"gaps": [{"start": 1}], "failover": [{"from": "a"}], "pick": {"rows": []}}).facts == []


def test_parts_are_told_one_after_the_other_and_their_times_are_their_own() -> None:
    parts: list[dict[str, Any]] = [{"topics": [{"text": "news", "start": 3}], "model": "big"}, {"topics": [{"text": "sport"}]}]
    read = details.read({"slices": parts})
    assert read.lists == {"topics": [Item("news"), Item("sport")]}
    assert read.facts == [("1: model", "big")]


def test_amounts_of_parts_are_added_up_and_what_all_say_is_said_once() -> None:
    parts = [{"billed_seconds": 25, "model": "big", "usage": {"cost": 0.25}} for _ in range(300)]
    read = details.read({"slices": [*parts[1:], {**parts[0], "billed_seconds": 5.5}]})
    assert read.facts == [("billed_seconds", "7480.5"), ("model", "big"), ("usage.cost", "75")]
    assert not read.is_cut


def test_what_parts_say_each_in_its_own_way_is_told_of_each() -> None:
    read = details.read({"slices": [{"model": "big", "units": "3"}, {"model": "small", "units": "none"}]})
    assert read.facts == [("1: model", "big"), ("2: model", "small"), ("1: units", "3"), ("2: units", "none")]


def test_what_is_too_much_is_cut_and_that_is_said() -> None:
    read = details.read({"topics": [{"text": f"t{n}"} for n in range(MOST_ITEMS + 1)]})
    assert (len(read.lists["topics"]), read.is_cut) == (MOST_ITEMS, True)
    read = details.read({f"key{n}": n for n in range(MOST_FACTS + 1)})
    assert (len(read.facts), read.is_cut) == (MOST_FACTS, True)


def test_depth_without_end_is_read_to_its_end() -> None:
    deep: Any = "treasure"
    for _ in range(20_000):
        deep = [deep]
    assert [value for _, value in details.read({"a": deep, "chapters": [{"text": deep}]}).facts] == ["treasure", "treasure"]


@MANY
@given(ANYTHING)
def test_whatever_it_is_it_becomes_short_lines(told: Any) -> None:
    read = details.read(told)
    for name, value in read.facts:
        assert len(name) <= LONGEST_NAME
        assert 0 < len(value) <= LONGEST_TEXT
        assert value.encode() and "\n" not in value
    for items in read.lists.values():
        assert 0 < len(items) <= MOST_ITEMS
        assert all(item.text.encode() and "\n" not in item.text for item in items)
        assert all(item.start is None or item.start >= 0 for item in items)
