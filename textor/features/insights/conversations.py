"""Conversations about one transcript, or about all of a user's: asking, reading along, stopping, forgetting.

A question and the answer that a worker will write are there together, with the answer's job: pages poll `thread`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, or_, select, update

from textor.adapters.text_models.port import TextModel, Usage
from textor.domain import titles
from textor.domain.job_states import DONE
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import choosing, turns
from textor.features.recordings import library
from textor.job_queue import background, pieces
from textor.models import ChatMessage, Conversation, Job, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

KIND = "chat"
LONGEST_QUESTION = 4_000
LONGEST_TITLE = 80
MOST_LISTED = 100
OPEN = tuple(background.OPEN)


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation in a list."""

    id: str
    title: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A question or an answer. `citations` are {start, end, text, transcription_id, title} each, in the order of the text. `read`
    says of how much the answer was made: `segments` `of` all, in so many `transcripts`. An answer that is completed and has no
    text: nothing was said about it."""

    id: int
    role: str
    text: str
    state: str
    citations: Sequence[Mapping[str, Any]]
    read: Mapping[str, Any]
    model: str | None
    error: str | None
    usage: Usage
    cost_usd: float | None

    @property
    def is_empty(self) -> bool:
        """Whether it is an answer that found nothing."""
        return self.state == JobState.COMPLETED and not self.text


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation; `transcription_id` None: about all of the user's transcripts. `is_open`: an answer is being written."""

    id: str
    title: str
    transcription_id: str | None
    updated_at: datetime
    messages: Sequence[Said]

    @property
    def is_open(self) -> bool:
        return any(one.state in OPEN for one in self.messages)


def ask(
    tools: Toolbox,
    user_id: int,
    question: str,
    *,
    transcription_id: str | None = None,
    conversation_id: str | None = None,
    model_name: str = "",
) -> str:
    """Ask about a transcript, or all of them, or further in a conversation; the conversation's id. Raises NotFound, InvalidInput
    for a question or a model that can't be, WrongState while there is no text yet, or the last answer is still being written."""
    text, model = _readable(question), choosing.choose(tools, model_name)
    if conversation_id is None:
        row = _begun(tools, user_id, text, transcription_id)
    else:
        row = _continued(tools, user_id, conversation_id, transcription_id)
    job_id = _asked(tools, row, text, model)
    db.session.commit()
    background.hand_out(tools, job_id)
    return row.id


def threads(user_id: int, transcription_id: str | None = None) -> list[Entry]:
    """One's conversations about this transcript (None: about all), the newest first. Raises NotFound."""
    seq = library.find(user_id, transcription_id).seq if transcription_id else None
    mine = (Conversation.user_id == user_id, Conversation.transcription_seq == seq)
    newest = select(Conversation).where(*mine).order_by(Conversation.updated_at.desc(), Conversation.id).limit(MOST_LISTED)
    return [Entry(row.id, row.title, row.updated_at) for row in db.session.scalars(newest)]


def thread(tools: Toolbox, user_id: int, conversation_id: str) -> Thread:
    """One's conversation with all its messages, the oldest first; an answer that is being written as far as it is. NotFound."""
    row, transcription_id = _found(user_id, conversation_id)
    statement = select(ChatMessage, Job.state).outerjoin(Job, ChatMessage.job_id == Job.id)
    rows = db.session.execute(statement.where(ChatMessage.conversation_id == row.id).order_by(ChatMessage.id)).all()
    known = turns.standing(user_id, (message.read for message, _ in rows))
    messages = [_said(tools, message, state, known) for message, state in rows]
    return Thread(row.id, row.title, transcription_id, row.updated_at, messages)


def stop(tools: Toolbox, user_id: int, conversation_id: str) -> None:
    """No more of the answer that is being written; what there is of it stays. Nothing happens where none is. Raises NotFound."""
    row, _ = _found(user_id, conversation_id)
    if _stopped(tools, row):
        row.updated_at = tools.clock.now()
    db.session.commit()


def forget(tools: Toolbox, user_id: int, conversation_id: str) -> None:
    """Delete a conversation; the answer that is being written ends. Raises NotFound."""
    row, _ = _found(user_id, conversation_id)
    _stopped(tools, row)
    db.session.execute(delete(Conversation).where(Conversation.id == row.id))
    db.session.commit()


def _readable(question: str) -> str:
    text = question.replace("\x00", "").strip()
    if not text:
        raise InvalidInput("Write a question.", field="question")
    if len(text) > LONGEST_QUESTION:
        raise InvalidInput(f"A question has at most {LONGEST_QUESTION:,} characters.", field="question")
    return text


def _begun(tools: Toolbox, user_id: int, text: str, transcription_id: str | None) -> Conversation:
    now = tools.clock.now()
    seq = readable(user_id, transcription_id).seq if transcription_id else None
    row = Conversation(id=str(uuid.uuid4()), user_id=user_id, transcription_seq=seq, created_at=now, updated_at=now)
    row.title = titles.clean(text, LONGEST_TITLE) or text[:LONGEST_TITLE]
    db.session.add(row)
    return row


def readable(user_id: int, transcription_id: str) -> Transcription:
    """One's own transcript that has a text. Raises NotFound, WrongState."""
    row = library.find(user_id, transcription_id)
    if row.status not in DONE:
        raise WrongState("This transcription isn't finished yet.")
    return row


def _continued(tools: Toolbox, user_id: int, conversation_id: str, transcription_id: str | None) -> Conversation:
    """Held, so that of two who ask at once the second sees the answer to the first."""
    now = tools.clock.now()
    mine = (Conversation.id == conversation_id, Conversation.user_id == user_id)
    db.session.execute(update(Conversation).where(*mine).values(updated_at=now))
    row, about = _found(user_id, conversation_id)
    if about:
        readable(user_id, about)
    if transcription_id not in {None, about}:
        raise NotFound("There is no such conversation.")
    if _open_answer(row) is not None:
        raise WrongState("The last answer is still being written. Wait for it, or stop it.")
    return row


def _asked(tools: Toolbox, row: Conversation, text: str, model: TextModel) -> str:
    now, job_id = tools.clock.now(), str(uuid.uuid4())
    told = {"conversation_id": row.id, "model": model.name, "created_at": now}
    db.session.flush()
    db.session.add(ChatMessage(role="user", text=text, **told))
    db.session.flush()  # the question's id is the lower one
    db.session.add(ChatMessage(role="assistant", state=JobState.QUEUED, job_id=job_id, **told))
    background.begin(tools, KIND, row.user_id, {}, job_id=job_id)
    return job_id


def _found(user_id: int, conversation_id: str) -> tuple[Conversation, str | None]:
    """One's own conversation, and the id of the transcript it is about, which is there."""
    row = db.session.execute(_visible().where(Conversation.id == conversation_id, Conversation.user_id == user_id)).first()
    if row is None:
        raise NotFound("There is no such conversation.")
    return row[0], row[1]


def _visible() -> Select[Conversation, str | None]:
    statement = select(Conversation, Transcription.id).outerjoin(
        Transcription, Conversation.transcription_seq == Transcription.seq
    )
    is_there = or_(Conversation.transcription_seq.is_(None), Transcription.deleted_at.is_(None))
    return statement.where(is_there).execution_options(populate_existing=True)


def _open_answer(row: Conversation) -> ChatMessage | None:
    is_open = (ChatMessage.conversation_id == row.id, ChatMessage.state.in_(OPEN))
    return db.session.scalars(select(ChatMessage).where(*is_open)).first()


def _stopped(tools: Toolbox, row: Conversation) -> bool:
    """Its job first: of a stop and an answer at the same moment, one waits for the other."""
    answer = _open_answer(row)
    if answer is None or not background.cancel(tools, row.user_id, answer.job_id or ""):
        return False
    answer.state, answer.text = JobState.CANCELLED, pieces.so_far(tools, answer.job_id or "")
    return True


def _said(tools: Toolbox, row: ChatMessage, job_state: str | None, known: Mapping[str, str]) -> Said:
    is_open, is_gone = row.state in OPEN, turns.is_withdrawn(row.read, known)
    text = pieces.so_far(tools, row.job_id or "") if is_open else row.text
    return Said(
        id=row.id,
        role=row.role,
        text="" if is_gone else text,
        state=JobState.FAILED if is_gone else (job_state or row.state) if is_open else row.state,
        citations=[] if is_gone else [_cited(one, row.read, known) for one in row.citations],
        read=row.read,
        model=row.model,
        error=turns.WITHDRAWN if is_gone else row.error,
        usage=Usage(row.prompt_tokens, row.completion_tokens),
        cost_usd=row.cost_usd,
    )


def _cited(citation: Mapping[str, Any], read: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """With the title that its transcript has now."""
    of = citation.get("transcription_id") or next(iter(read.get("transcription_ids", ())), None)
    return {**citation, "transcription_id": of, "title": known.get(of or "")}
