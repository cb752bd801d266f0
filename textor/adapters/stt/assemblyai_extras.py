"""What AssemblyAI tells beyond the text, in the words of domain.details. It is asked for none of it by default, and an operator's
own settings there may add it: whatever isn't of the agreed shape is left out, never an error, for the text is paid for."""

from collections.abc import Iterator, Mapping
from typing import Any

Answer = Mapping[str, Any]

MOST_ITEMS = 500  # per list: they are kept in one row
LONGEST_TEXT = 2_000
GREATEST = 1e12


def read(answer: Answer) -> dict[str, object]:
    """Those lists that have something in them."""
    found: dict[str, object] = {
        "chapters": [_chapter(one) for one in _objects(answer.get("chapters")) if _text(one, "headline", "gist")],
        "key_phrases": [_phrase(one) for one in _results(answer, "auto_highlights_result") if _text(one, "text")],
        "entities": [_entity(one) for one in _objects(answer.get("entities")) if _text(one, "text")],
        "topics": _weighed(answer, "iab_categories_result"),
        "content_safety": _weighed(answer, "content_safety_labels"),
        "sentiments": [_sentiment(one) for one in _objects(answer.get("sentiment_analysis_results")) if _text(one, "sentiment")],
        "summary": _text(answer, "summary"),
    }
    return {name: value for name, value in found.items() if value}


def _chapter(one: Answer) -> dict[str, object]:
    ends = {"start": _seconds(one.get("start")), "end": _seconds(one.get("end"))}
    return {**ends, "title": _text(one, "headline", "gist"), "summary": _text(one, "summary")}


def _phrase(one: Answer) -> dict[str, object]:
    first = next(_objects(one.get("timestamps")), {})
    start, share = _seconds(first.get("start")), _share(one.get("rank"))
    return {"text": _text(one, "text"), "start": start, "count": _whole(one.get("count")), "share": share}


def _entity(one: Answer) -> dict[str, object]:
    return {"text": _text(one, "text"), "kind": _text(one, "entity_type"), "start": _seconds(one.get("start"))}


def _sentiment(one: Answer) -> dict[str, object]:
    share = _share(one.get("confidence"))
    return {"start": _seconds(one.get("start")), "sentiment": _text(one, "sentiment"), "confidence": share}


def _weighed(answer: Answer, name: str) -> list[dict[str, object]]:
    """The summary of a kind of label: each with its share, the greatest first."""
    result = answer.get(name)
    summary = result.get("summary") if isinstance(result, dict) else None
    known = {str(label): _share(value) for label, value in summary.items()} if isinstance(summary, dict) else {}
    shares = {label: value for label, value in known.items() if value is not None}
    ordered = sorted(shares, key=lambda label: -shares[label])[:MOST_ITEMS]
    return [{"text": label[:LONGEST_TEXT], "share": shares[label]} for label in ordered]


def _results(answer: Answer, name: str) -> Iterator[Answer]:
    result = answer.get(name)
    return _objects(result.get("results") if isinstance(result, dict) else None)


def _objects(value: object) -> Iterator[Answer]:
    return (one for one in (value if isinstance(value, list) else [])[:MOST_ITEMS] if isinstance(one, dict))


def _text(one: Answer, *names: str) -> str:
    return next((value.strip()[:LONGEST_TEXT] for name in names if isinstance(value := one.get(name), str) and value.strip()), "")


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < GREATEST:
        return float(value)
    return None


def _seconds(milliseconds: object) -> float | None:
    number = _number(milliseconds)
    return None if number is None or number < 0 else round(number / 1000, 3)


def _share(value: object) -> float | None:
    number = _number(value)
    return None if number is None else round(min(1.0, max(0.0, number)), 3)


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
