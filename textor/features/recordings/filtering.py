"""What narrows a list of transcriptions."""

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, and_, func, select

from textor.domain import search_terms, titles
from textor.domain.job_states import DONE, OPEN, Status
from textor.features.recordings import search_index
from textor.models import Recording, Transcription

Columns = TypeVarTuple("Columns")

GROUPS: dict[str, frozenset[Status]] = {
    "all": frozenset(Status),
    "active": OPEN,
    "done": DONE,
    "failed": frozenset({Status.FAILED}),
    "cancelled": frozenset({Status.CANCELLED}),
}
"""The dashboard's filter words."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows. `status` is a key of GROUPS; `text` is looked for in titles and transcripts; `newest` is how many of the
    user's latest are looked at, None all."""

    status: str = "all"
    text: str = ""
    engine: str = ""
    language: str = ""
    newest: int | None = None


EVERYTHING = Filters()


def narrowed(statement: Select[*Columns], user_id: int, filters: Filters) -> Select[*Columns]:
    """Only this user's transcriptions that aren't deleted and fit the filters, the text left aside."""
    statement = statement.select_from(Transcription)
    statement = statement.where(Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    if filters.status in GROUPS and filters.status != "all":
        statement = statement.where(Transcription.status.in_(GROUPS[filters.status]))
    if filters.engine:
        statement = statement.where(Transcription.engine == filters.engine)
    if filters.language:
        statement = statement.where(func.coalesce(Transcription.language, Transcription.requested_language) == filters.language)
    if filters.newest is not None:
        statement = statement.where(Transcription.seq.in_(_newest(user_id, filters.newest)))
    return statement


def _newest(user_id: int, most: int) -> Select[int]:
    """In a table of its own: MySQL takes no LIMIT after IN."""
    mine = (Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    newest = select(Transcription.seq).where(*mine).order_by(Transcription.seq.desc()).limit(most).subquery()
    return select(newest.c.seq)


def matching(statement: Select[*Columns], user_id: int, filters: Filters) -> Select[*Columns]:
    """The same, and with all words of the text. Signs that are no words are looked for in the titles as they stand."""
    statement = narrowed(statement, user_id, filters)
    if terms := search_terms.parse(filters.text, is_typing=True):
        return statement.where(search_index.matching(user_id, terms))
    if signs := titles.clean(filters.text).split():
        has_all = and_(*(Recording.title.icontains(one, autoescape=True) for one in signs))
        return statement.where(Transcription.recording_id.in_(select(Recording.id).where(Recording.user_id == user_id, has_all)))
    return statement
