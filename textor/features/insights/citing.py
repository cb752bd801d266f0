"""Citations are checked before anybody sees them: what a model says that somebody said must stand where it says so."""

from collections.abc import Mapping, Sequence
from typing import Any

from textor.adapters.text_models.port import Citation, Passage
from textor.domain import folding


def checked(citations: Sequence[Citation], said: Sequence[Passage]) -> list[dict[str, Any]]:
    """Those that are true, as rows keep them: their words stand in the passages they name, which follow one another in one
    transcript. Times are the passages' own."""
    places = {one.id: place for place, one in enumerate(said)}
    found = ((one, _held(one, said, places)) for one in citations)
    return [_told(one, held) for one, held in found if held and _stands(one.text, held)]


def _held(citation: Citation, said: Sequence[Passage], places: Mapping[int, int]) -> Sequence[Passage]:
    """The passages it names; none where one is unknown, or something was said between them."""
    named = [places.get(one, -1) for one in citation.ids]
    if not named or -1 in named or named != list(range(named[0], named[0] + len(named))):
        return []
    held = said[named[0] : named[-1] + 1]
    return held if len({one.source for one in held}) == 1 else []


def _stands(text: str, held: Sequence[Passage]) -> bool:
    """Word for word, whichever way they are spelt: a compound may be written as one word or as several."""
    whole = " ".join(one.text for one in held)
    return any(words(text) and f" {words(text)} " in f" {words(whole)} " for words in (folding.fold, _in_parts))


def _in_parts(text: str) -> str:
    return " ".join(part for token in folding.tokens(text) for part in token.parts or (token.key,))


def _told(citation: Citation, held: Sequence[Passage]) -> dict[str, Any]:
    end = max(one.end for one in held)
    return {"start": held[0].start, "end": end, "text": citation.text, "ids": list(citation.ids)}
