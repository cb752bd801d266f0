"""Searching the texts of one's transcriptions: hits with the places where the words were said.

Those with all words in their title come first, then the newest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from textor.domain import folding, search_terms
from textor.domain.search_terms import Excerpt, Place, Term
from textor.errors import NotFound
from textor.extensions import db
from textor.features.recordings import filtering, search_index
from textor.features.recordings.filtering import EVERYTHING, Filters
from textor.features.recordings.search_index import put
from textor.models import Recording, SearchText, SegmentRow, Transcription

__all__ = ["Hit", "Results", "Snippet", "put", "search"]

MOST_SNIPPETS = 3


@dataclass(frozen=True, slots=True)
class Snippet:
    """What was said from `start` to `end` (seconds), with the words that were looked for marked; `segment` is its number."""

    excerpt: Excerpt
    start: float
    end: float
    segment: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A transcription that has all the words; `rank` is its place among all hits, from 1."""

    id: str
    title: str
    created_at: datetime
    language: str | None
    status: str
    rank: int
    snippets: Sequence[Snippet]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits; `total` counts all."""

    hits: Sequence[Hit]
    total: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A line in which something was found, as folded, and where among its words and the parts of its compounds."""

    text: str
    whole: Sequence[Place]
    parts: Sequence[Place]


def search(user_id: int, query: str, filters: Filters = EVERYTHING, page: int = 1, per_page: int = 10) -> Results:
    """The user's own transcriptions with all words of `query` (see search_terms.parse) that aren't deleted and fit `filters`.

    Raises NotFound for a page behind the last one.
    """
    terms = search_terms.parse(query)
    rows = _ranked(user_id, terms, filters, page, per_page) if terms else []
    if page > 1 and not rows:
        raise NotFound("There is no such page.")
    if not rows:
        return Results([], 0)
    first = (page - 1) * per_page + 1
    return Results(_hits([row[0] for row in rows], terms, first), rows[0][1])


def _ranked(user_id: int, terms: Sequence[Term], filters: Filters, page: int, per_page: int) -> list[tuple[int, int]]:
    """Their numbers, each with how many there are in all."""
    in_title = search_index.matching(user_id, terms, in_title=True)
    statement = filtering.narrowed(select(Transcription.seq, func.count().over()), user_id, filters)
    statement = statement.where(search_index.matching(user_id, terms)).order_by(in_title.desc(), Transcription.seq.desc())
    return [(row[0], row[1]) for row in db.session.execute(statement.limit(per_page).offset((page - 1) * per_page))]


def _hits(seqs: Sequence[int], terms: Sequence[Term], first: int) -> list[Hit]:
    columns = (Transcription.seq, Transcription.id, Recording.title, Transcription.created_at, Transcription.status)
    language = func.coalesce(Transcription.language, Transcription.requested_language).label("language")
    statement = select(*columns, language, SearchText.body, SearchText.parts).join(
        Recording, Transcription.recording_id == Recording.id
    )
    statement = statement.join(SearchText, SearchText.transcription_seq == Transcription.seq)
    rows = {row.seq: row for row in db.session.execute(statement.where(Transcription.seq.in_(seqs)))}
    found = {seq: _lines(rows[seq].body, rows[seq].parts, terms) for seq in seqs if seq in rows}
    snippets = _snippets(found)
    return [
        Hit(row.id, row.title, row.created_at, row.language, row.status, rank, snippets.get(row.seq, []))
        for rank, row in enumerate((rows[seq] for seq in found), first)
    ]


def _lines(body: str, parts: str, terms: Sequence[Term]) -> dict[int, _Line]:
    """The best lines of a text."""
    texts = body.split("\n")
    whole = search_terms.places(body, terms)
    within = [place for place in search_terms.places(parts, terms) if place.line < len(texts)]
    best = search_terms.best_lines([*whole, *within], MOST_SNIPPETS)
    return {line: _Line(texts[line], _on(line, whole), _on(line, within)) for line in best}


def _on(line: int, places: Iterable[Place]) -> list[Place]:
    return [place for place in places if place.line == line]


def _snippets(found: dict[int, dict[int, _Line]]) -> dict[int, list[Snippet]]:
    """Of all hits in one statement. A segment that has changed since it was indexed shows nothing."""
    of = SegmentRow.transcription_seq
    wanted = [and_(of == seq, SegmentRow.n.in_(list(lines))) for seq, lines in found.items()]
    columns = (of, SegmentRow.n, SegmentRow.text, SegmentRow.start, SegmentRow.end)
    statement = select(*columns).where(or_(*wanted))
    snippets: dict[int, list[Snippet]] = {}
    for seq, n, text, start, end in db.session.execute(statement.order_by(of, SegmentRow.n)):
        line = found[seq][n]
        if folding.fold(text) == line.text:
            excerpt = search_terms.excerpt(text, line.whole, line.parts)
            snippets.setdefault(seq, []).append(Snippet(excerpt, start, end, n))
    return snippets
