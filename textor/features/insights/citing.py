"""Citations are checked before anybody sees them: what a model says that somebody said must stand where it says so."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from textor.adapters.text_models.port import Citation, Passage
from textor.domain import folding


def checked(citations: Sequence[Citation], said: Sequence[Passage]) -> list[dict[str, Any]]:
    """Those that are true, as rows keep them: their words stand in the passages they name. Times are the passages' own. One of
    passages between which more was said becomes several: what is shown together was said together."""
    places = {one.id: place for place, one in enumerate(said)}
    return [told for one in citations for told in _true(one, [places.get(n, -1) for n in one.ids], said)]


def _true(citation: Citation, places: Sequence[int], said: Sequence[Passage]) -> list[dict[str, Any]]:
    if not places or -1 in places:
        return []
    runs = [[said[place] for place in run] for run in _runs(places, said)]
    if len(runs) == 1:
        return [_told(citation.text, runs[0])] if _stands(citation.text, runs[0]) else []
    whole = folding.fold(_joined([one for run in runs for one in run]))
    return [_told(_joined(run), run) for run in runs] if folding.fold(citation.text) == whole else []


def _runs(places: Sequence[int], said: Sequence[Passage]) -> list[list[int]]:
    """Places that follow one another in one transcript."""
    runs = [[places[0]]]
    for before, place in pairwise(places):
        if place == before + 1 and said[place].source == said[before].source:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _stands(text: str, held: Sequence[Passage]) -> bool:
    """Word for word, whichever way they are spelt: a compound may be written as one word or as several."""
    whole = _joined(held)
    return any(words(text) and f" {words(text)} " in f" {words(whole)} " for words in (folding.fold, _in_parts))


def _in_parts(text: str) -> str:
    return " ".join(part for token in folding.tokens(text) for part in token.parts or (token.key,))


def _joined(held: Sequence[Passage]) -> str:
    return " ".join(" ".join(one.text.split()) for one in held)


def _told(text: str, held: Sequence[Passage]) -> dict[str, Any]:
    end = max(one.end for one in held)
    return {"start": held[0].start, "end": end, "text": text, "ids": [one.id for one in held]}
