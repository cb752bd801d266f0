"""The turns of a conversation as a worker sees them: what was said before a question, and what becomes of its answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import select, update

from textor.adapters.text_models.port import Message
from textor.extensions import db
from textor.models import ChatMessage, Conversation, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

BATCH = 500
WITHDRAWN = "This answer was made of a transcript that is deleted now."


def answer_of(job_id: str) -> tuple[ChatMessage, str | None] | None:
    """The answer that a job is to write, and the transcript that it is about, if it is about one; None once it was forgotten."""
    statement = select(ChatMessage, Transcription.id).join(Conversation, ChatMessage.conversation_id == Conversation.id)
    statement = statement.outerjoin(Transcription, Conversation.transcription_seq == Transcription.seq)
    row = db.session.execute(statement.where(ChatMessage.job_id == job_id)).first()
    return (row[0], row[1]) if row else None


def until(answer: ChatMessage, user_id: int) -> list[Message]:
    """The question, and before it the earlier ones that have answers."""
    before = (ChatMessage.conversation_id == answer.conversation_id, ChatMessage.id < answer.id)
    rows = db.session.scalars(select(ChatMessage).where(*before).order_by(ChatMessage.id)).all()
    known = standing(user_id, (row.read for row in rows))
    return [*_history(rows, known), Message("user", rows[-1].text)]


def _history(rows: Sequence[ChatMessage], known: Mapping[str, str]) -> Iterator[Message]:
    """A question that was left without an answer is no part of it: it is asked again, or forgotten."""
    for asked, answered in pairwise(rows):
        if asked.role == "user" and answered.role == "assistant" and answered.text and not is_withdrawn(answered.read, known):
            yield Message("user", asked.text)
            yield Message("assistant", answered.text)


def standing(user_id: int, reads: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The titles, by id, of those transcripts that answers were made of and that their user still has."""
    ids = {one for read in reads for one in read.get("transcription_ids", ())}
    if not ids:
        return {}
    mine = (Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    rows = db.session.scalars(select(Transcription).where(Transcription.id.in_(ids), *mine))
    return {row.id: row.recording.title for row in rows}


def is_withdrawn(read: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    """Whether a transcript that an answer was made of is gone. What was said there is not to be read here, either."""
    return any(one not in known for one in read.get("transcription_ids", ()))


def write(job_id: str, **values: Any) -> None:
    """Change the answer that this job writes, if it is there still. In the caller's transaction."""
    statement = update(ChatMessage).where(ChatMessage.job_id == job_id).values(values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def sweep(_tools: Toolbox) -> int:
    """Wipe the answers that transcripts which were destroyed have a part in; how many. Called by the clock."""
    is_made = (Conversation.transcription_seq.is_(None), ChatMessage.role == "assistant", ChatMessage.text != "")
    statement = select(ChatMessage.id, ChatMessage.read).join(Conversation, ChatMessage.conversation_id == Conversation.id)
    wiped, after = 0, 0
    while rows := db.session.execute(
        statement.where(*is_made, ChatMessage.id > after).order_by(ChatMessage.id).limit(BATCH)
    ).all():
        wiped, after = wiped + _wipe([(row.id, row.read) for row in rows]), rows[-1].id
    return wiped


def _wipe(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> int:
    ids = {one for _, read in rows for one in read.get("transcription_ids", ())}
    there = dict.fromkeys(db.session.scalars(select(Transcription.id).where(Transcription.id.in_(ids))), "")
    gone = [message_id for message_id, read in rows if is_withdrawn(read, there)]
    values = {"text": "", "citations": [], "state": JobState.FAILED, "error": WITHDRAWN}
    if gone:
        statement = update(ChatMessage).where(ChatMessage.id.in_(gone)).values(values)
        db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()
    return len(gone)
