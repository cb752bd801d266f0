"""What an engine tells beyond the text, read for people. It is a provider's: of any shape and any length, or no shape at all.

Engines that can, keep these in a transcript's details; times are seconds of the recording, shares 0..1:

    chapters        [{"start", "end", "title", "summary"}]
    key_phrases     [{"text", "start", "count", "share"}]
    entities        [{"text", "start", "kind"}]
    topics          [{"text", "share"}]
    content_safety  [{"text", "share"}]

All else is kept under the provider's own names and shown as it is.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from textor.domain.writing import clean

MOST_ITEMS, MOST_FACTS = 200, 100
LONGEST_TEXT, LONGEST_NAME = 500, 80
LISTS = ("chapters", "key_phrases", "entities", "topics", "content_safety")
TRANSLATE = "translate"
"""The transcription is to be a translation into English: what was asked for, which outlives every run."""
OURS = frozenset({"failover", "gaps", "longest_slice", "pick", TRANSLATE})
"""Notes of Textor's own, which the page shows elsewhere."""
PARTS = "slices"
SUMMED = frozenset({"audio_duration", "billed_seconds", "billed_tokens", "units", "usage.cost"})
"""Facts of parts that are told as one: nobody reads a hundred of them."""


@dataclass(frozen=True, slots=True)
class Item:
    """A chapter, a phrase, a topic. `note` is a chapter's summary or an entity's kind."""

    text: str
    start: float | None = None
    note: str = ""
    count: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """`lists` has what is known by the names of LISTS, `facts` everything else as (name, value); `is_cut`: there is more."""

    lists: Mapping[str, list[Item]] = field(default_factory=dict)
    facts: list[tuple[str, str]] = field(default_factory=list)
    is_cut: bool = False


def asked(details: Mapping[str, object]) -> dict[str, object]:
    """What is left of them where a transcription begins anew: the wishes in them."""
    return {TRANSLATE: True} if details.get(TRANSLATE) else {}


def read(details: object) -> Extras:
    """Whatever they are. Times within a part of a recording are left out: they are the part's own."""
    told = details if isinstance(details, dict) else {}
    parts = told.get(PARTS)
    if not (isinstance(parts, list) and all(isinstance(part, dict) for part in parts)):
        return _read([("", told)])
    rest = {name: value for name, value in told.items() if name != PARTS}
    return _read([("", rest), *((f"{n}: ", part) for n, part in enumerate(parts, 1))])


def _read(parts: list[tuple[str, Mapping[str, object]]]) -> Extras:
    lists: dict[str, list[Item]] = {}
    told: dict[str, list[tuple[str, str]]] = {}
    for prefix, part in parts:
        known = {name: found for name in LISTS if (found := _items(part.get(name), is_timed=not prefix))}
        for name, items in known.items():
            lists.setdefault(name, []).extend(items)
        rest = {name: value for name, value in part.items() if name not in known and name not in OURS}
        for name, value in _facts(rest):
            told.setdefault(name, []).append((prefix, value))
    count = sum(bool(prefix) for prefix, _ in parts)
    facts = [fact for name, found in told.items() for fact in _together(name, found, count)]
    is_cut = len(facts) > MOST_FACTS or any(len(items) > MOST_ITEMS for items in lists.values())
    return Extras({name: lists[name][:MOST_ITEMS] for name in LISTS if name in lists}, facts[:MOST_FACTS], is_cut)


def _together(name: str, found: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """A fact of several parts, each with its part's prefix: what all of `count` parts say alike is said once, amounts are added
    up."""
    values = [value for _, value in found]
    amounts = [amount for value in values if name in SUMMED and (amount := _amount(value)) is not None]
    if len(amounts) == len(values) > 1:
        return [(name, f"{math.fsum(amounts):.10g}")]
    if len({prefix for prefix, _ in found if prefix}) == count == len(values) and len(set(values)) == 1:
        return [(name, values[0])]
    return [(prefix + name, value) for prefix, value in found]


def _amount(value: str) -> float | None:
    with suppress(ValueError):
        found = float(value)
        return found if math.isfinite(found) else None
    return None


def _items(value: object, *, is_timed: bool) -> list[Item]:
    """Nothing, unless every one of them is understood: what isn't is a fact like any other."""
    if not isinstance(value, list):
        return []
    found = [_item(one, is_timed=is_timed) if isinstance(one, dict) else None for one in value]
    return [item for item in found if item] if all(found) else []


def _item(one: Mapping[str, object], *, is_timed: bool) -> Item | None:
    text = _plain(one.get("text") or one.get("title"))
    if not text:
        return None
    count = one.get("count")
    return Item(
        text=text,
        start=_number(one.get("start")) if is_timed else None,
        note=_plain(one.get("summary") or one.get("kind")),
        count=count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 1e9 else None,
        share=share if (share := _number(one.get("share"))) is not None and share <= 1 else None,
    )


def _facts(told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Everything, however deep, one line each: a.b.c. A list of plain values is one line."""
    waiting: list[tuple[str, object]] = list(reversed(list(told.items())))
    count = 0
    while waiting and count <= MOST_FACTS:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed([(f"{name}.{key}", inner) for key, inner in value.items()])
        elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            waiting += reversed([(f"{name}.{n}", inner) for n, inner in enumerate(value, 1)])
        elif line := _line(value):
            count += 1
            yield clean(name)[-LONGEST_NAME:], line


def _line(value: object) -> str:
    """A plain value, or a list of such."""
    if isinstance(value, list):
        return _cut(", ".join(line for one in value[:MOST_ITEMS] if (line := _plain(one))))
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return _cut(clean(str(value)))
    return f"{value:.10g}" if isinstance(value, float) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _number(value: object) -> float | None:
    """Not negative, and below any recording's seconds."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6
    return float(value) if is_number and isinstance(value, int | float) else None
