"""Which of a user's transcripts a question may be about: the full-text index finds them, and what was said in them is read."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from textor.adapters.text_models import terms
from textor.adapters.text_models.port import Passage
from textor.adapters.text_models.quotes import FOLLOW_UP_TERMS
from textor.domain import folding, titles
from textor.domain.folding import Token
from textor.domain.search_terms import Term
from textor.extensions import db
from textor.features.recordings import filtering, search_index
from textor.features.recordings.filtering import Filters
from textor.models import Recording, SegmentRow, Speaker, Transcription

MOST_TRANSCRIPTS, MOST_SEGMENTS = 12, 12_000
MOST_TERMS = 12
"""Of a question, that the index is asked for."""
SHORT_LETTERS = 3
"""So short a beginning begins too many other words."""
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transcript that may have the answer; `source` is what tells its passages apart."""

    seq: int
    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was taken from a library of `of` transcripts; the passages' ids are unique among them all."""

    candidates: Sequence[Candidate]
    passages: Sequence[Passage]
    of: int

    def of_source(self, source: str | None) -> Candidate:
        """The transcript that a passage is of."""
        return next(one for one in self.candidates if one.source == source)


def find(user_id: int, asked: Sequence[str], newest: int | None = None) -> Shelf:
    """The user's own finished transcripts (the `newest`, where that is a number) that have most to do with the newest of the
    questions; the newest where its words say nothing, or are nowhere."""
    filters = Filters(status="done", newest=newest)
    flags = [search_index.matching(user_id, [term]) for term in telling(asked)]
    found, of = _ranked(user_id, filters, flags)
    candidates = list(_named(found))
    return Shelf(candidates, list(_passages(candidates)), of)


def telling(asked: Sequence[str]) -> list[Term]:
    """What to look for: any word that says something, however it ends. A short question leans on the one before it."""
    found = list(_terms(asked[-1]))
    if len(found) <= FOLLOW_UP_TERMS and len(asked) > 1:
        found += _terms(asked[-2])
    return list(dict.fromkeys(found))[:MOST_TERMS]


def _terms(question: str) -> Iterator[Term]:
    vocabulary = terms.vocabulary([question])
    for token in folding.tokens(question):
        if vocabulary.of(token):
            yield from (_term(key, vocabulary.arabic) for key in _keys(token))


def _keys(token: Token) -> Sequence[str]:
    return [key for key in token.parts if len(key) >= SHORT_LETTERS and terms.is_telling(key)] or [token.key]


def _term(key: str, arabic: terms.Arabic) -> Term:
    begun = terms.openings(key, arabic)
    if max(map(len, begun)) > SHORT_LETTERS or not key.isascii():
        return Term(tuple((one,) for one in begun), is_prefix=True)
    return Term(tuple((one,) for one in dict.fromkeys((key, *begun, f"{begun[0]}s"))))


def _ranked(user_id: int, filters: Filters, flags: Sequence[ColumnElement[bool]]) -> tuple[Sequence[Any], int]:
    """Those with most of the words, rare ones counting more; and how many there are in all. Two statements."""
    counts = filtering.narrowed(select(func.count(), *(func.sum(case((flag, 1), else_=0)) for flag in flags)), user_id, filters)
    of, *held = db.session.execute(counts).one()
    columns = (Transcription.seq, Transcription.id, Recording.title, Transcription.created_at)
    newest = filtering.narrowed(select(*columns), user_id, filters).join(Recording, Transcription.recording_id == Recording.id)
    newest = newest.order_by(Transcription.seq.desc()).limit(MOST_TRANSCRIPTS)
    if not any(held):
        return db.session.execute(newest).all(), of
    weights = [math.log(1 + of / (count or 1)) for count in held]
    worth = sum((case((flag, weight), else_=0.0) for flag, weight in zip(flags, weights, strict=True)), start=literal(0.0))
    best = newest.where(or_(*flags)).order_by(None).order_by(worth.desc(), Transcription.seq.desc())
    return db.session.execute(best).all(), of


def _named(found: Sequence[Any]) -> Iterator[Candidate]:
    """Two of one title and day are told apart by a number."""
    known: set[str] = set()
    for row in found:
        name = source = f"{titles.clean(row.title, LONGEST_TITLE)} ({_day(row.created_at)})"
        number = 1
        while source in known:
            number += 1
            source = f"{name} {number}"
        known.add(source)
        yield Candidate(row.seq, row.id, row.title, source)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _passages(candidates: Sequence[Candidate]) -> Iterator[Passage]:
    """Of all of them in one statement, the best candidate's first. Between two transcripts an id is left out: what doesn't follow
    one another there has no numbers that do."""
    ranks = {one.seq: rank for rank, one in enumerate(candidates)}
    if not ranks:
        return
    of, speaker = SegmentRow.transcription_seq, func.coalesce(Speaker.name, Speaker.label)
    statement = select(of, SegmentRow.start, SegmentRow.end, SegmentRow.text, speaker).outerjoin(
        Speaker, SegmentRow.speaker_id == Speaker.id
    )
    statement = statement.where(of.in_(ranks)).order_by(case(ranks, value=of), SegmentRow.n).limit(MOST_SEGMENTS)
    for n, (seq, start, end, text, said_by) in enumerate(db.session.execute(statement)):
        yield Passage(n + ranks[seq], start, end, text, said_by, candidates[ranks[seq]].source)
