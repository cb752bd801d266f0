"""The index that a search looks into: kept with every text and title that is written, and asked in each database's own way."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, column, delete, exists, func, insert, literal, or_, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

from textor.domain import folding
from textor.domain.search_terms import Term
from textor.extensions import db
from textor.models import Recording, SearchText, SegmentRow, Transcription
from textor.toolbox import Toolbox

BATCH = 50
BUSY = timedelta(seconds=5)
"""How long the scheduler is kept from its other work."""

_FTS = table("search_index", column("rowid"), column("search_index"))
_WORDS = func.search_words(SearchText.user_id, SearchText.title, SearchText.body, SearchText.parts)


def put(seqs: Sequence[int]) -> None:
    """Index the titles and texts of these transcriptions as the caller's transaction has them now.

    The caller holds their rows, else two that write one at the same time could leave the older text behind.
    """
    if not seqs:
        return
    db.session.flush()
    # First of all: SQLite locks nothing for a SELECT.
    db.session.execute(delete(SearchText).where(SearchText.transcription_seq.in_(sorted(seqs))))
    statement = select(Transcription.seq, Transcription.user_id, Recording.title)
    rows = db.session.execute(
        statement.join(Recording, Transcription.recording_id == Recording.id).where(Transcription.seq.in_(sorted(seqs)))
    ).all()
    lines = _lines(seqs)
    values = [_values(row, lines.get(row.seq, [])) for row in rows]
    if values:
        db.session.execute(insert(SearchText), values)


def _lines(seqs: Sequence[int]) -> dict[int, list[str]]:
    """What each segment of these says, at the place of its number."""
    columns = (SegmentRow.transcription_seq, SegmentRow.n, SegmentRow.text)
    statement = select(*columns).where(SegmentRow.transcription_seq.in_(sorted(seqs)))
    lines: dict[int, list[str]] = {}
    for seq, n, text in db.session.execute(statement.order_by(SegmentRow.transcription_seq, SegmentRow.n)):
        known = lines.setdefault(seq, [])
        known += [""] * (n - len(known)) + [text]
    return lines


def _values(row: Any, lines: Sequence[str]) -> dict[str, object]:
    """A compound of the title has its parts in a line of their own, after all others."""
    return {
        "transcription_seq": row.seq,
        "user_id": row.user_id,
        "title": folding.fold(row.title),
        "body": "\n".join(map(folding.fold, lines)),
        "parts": "\n".join(" ".join(folding.parts(line)) for line in (*lines, row.title)),
    }


def catch_up(tools: Toolbox, batch: int = BATCH) -> int:
    """Index what was there before there was an index. Returns how many; what is left has its turn next time."""
    done, until = 0, tools.clock.now() + BUSY
    while seqs := _missing(batch):
        put(seqs)
        db.session.commit()
        done += len(seqs)
        if tools.clock.now() > until:
            break
    return done


def _missing(most: int) -> list[int]:
    """Some that have no words yet, held."""
    known = exists().where(SearchText.transcription_seq == Transcription.seq)
    statement = select(Transcription.seq).where(~known).order_by(Transcription.seq).limit(most)
    return list(db.session.scalars(statement.with_for_update(skip_locked=True)))


def matching(user_id: int, terms: Sequence[Term], *, in_title: bool = False) -> ColumnElement[bool]:
    """Whether a transcription of this user's has all the terms, in its title alone or anywhere."""
    found = WAYS.get(db.engine.dialect.name, _plainly)(user_id, terms, in_title)
    return Transcription.seq.in_(found)


def _by_fts5(user_id: int, terms: Sequence[Term], in_title: bool) -> Any:
    """Words are letters and digits only: in quotes, none of FTS5's own language is left in them."""
    wanted = " AND ".join(f"({' OR '.join(_fts5_phrase(term, words) for words in term.spellings)})" for term in terms)
    columns = "title" if in_title else "{title body parts}"
    query = f'user_id : "{user_id}" AND {columns} : ({wanted})'
    return select(_FTS.c.rowid).where(_FTS.c.search_index.op("MATCH")(query))


def _fts5_phrase(term: Term, words: Sequence[str]) -> str:
    return f'"{" ".join(words)}"{" *" if term.is_prefix else ""}'


def _by_tsvector(user_id: int, terms: Sequence[Term], in_title: bool) -> Any:
    """The index finds those that have the words; whether they follow one another is looked for in the text."""
    mark = "=" if in_title else ""
    wanted = " & ".join(f"({' | '.join(_tsquery(term, words, mark) for words in term.spellings)})" for term in terms)
    query = literal(f"'_{user_id}' & {wanted}").cast(TSQUERY)
    return select(SearchText.transcription_seq).where(_WORDS.op("@@")(query), *_phrases(terms, in_title))


def _tsquery(term: Term, words: Sequence[str], mark: str) -> str:
    lexemes = [f"'{mark}{word}'" for word in words]
    return f"({' & '.join(lexemes)}{':*' if term.is_prefix else ''})"


def _phrases(terms: Sequence[Term], in_title: bool) -> Iterator[ColumnElement[bool]]:
    for term in terms:
        if any(len(words) > 1 for words in term.spellings):
            yield _holds(term, in_title)


def _plainly(user_id: int, terms: Sequence[Term], in_title: bool) -> Any:
    """A database without an index of words reads the user's texts."""
    held = [_holds(term, in_title) for term in terms]
    return select(SearchText.transcription_seq).where(and_(SearchText.user_id == user_id, *held))


def _holds(term: Term, in_title: bool) -> ColumnElement[bool]:
    columns = [SearchText.title] if in_title else [SearchText.title, SearchText.body, SearchText.parts]
    ends = "" if term.is_prefix else " "
    wanted = [f" {' '.join(words)}{ends}" for words in term.spellings]
    texts = [literal(" ") + func.replace(one, "\n", " ") + literal(" ") for one in columns]
    return or_(*(text.contains(words, autoescape=True) for text in texts for words in wanted))


WAYS: dict[str, Callable[[int, Sequence[Term], bool], Any]] = {"sqlite": _by_fts5, "postgresql": _by_tsvector}
