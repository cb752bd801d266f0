"""A worker's part of a chat: what a question is about is read, a model answers, and what it cites is checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textor.adapters.text_models.port import Answer, Conversation, Message, Passage
from textor.errors import NotFound, TextModelError, TextorError
from textor.extensions import db
from textor.features.insights import (
    candidates,
    chat_requests,
    choosing,
    citing,
    passages,
    paying,
    questions,
    retrieval,
    turns,
    working,
)
from textor.features.insights.candidates import Shelf
from textor.features.insights.paying import Call, Held
from textor.features.insights.questions import Question
from textor.features.insights.retrieval import Reading, Room
from textor.features.recordings import library
from textor.job_queue import background, pieces
from textor.job_queue.background import Run
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

PURPOSE = "chat"
ANSWER_TOKENS = 800
"""Of an answer on a page."""
WINDOW_SHARE = 4
"""A model with a small window answers with a quarter of it at most."""
TEMPERATURE = 0.3  # answers on pages should say what was said
LIBRARY_TOKENS = 12_000
"""What is read of a library at most: passages of many transcripts, the best first."""
NOTHING = "Nothing was said about this."
AGAIN_SECONDS = 30
"""When a request may come again that a model was too busy for."""


@dataclass(frozen=True, slots=True)
class Material:
    """What was read for a question; `shelf`: of which transcripts, where it was looked for in all of them."""

    reading: Reading
    seq: int | None = None
    language: str | None = None
    read: Any = None
    shelf: Shelf | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a model has answered, and the call that is to be paid for, if one was made."""

    answer: Answer
    call: Held | None = None

    def settle(self) -> float | None:
        """What it has cost. In the caller's transaction."""
        return self.call.settle(self.answer.usage) if self.call else 0.0


def _carry(tools: Toolbox, run: Run) -> None:
    if chat_requests.REQUEST in run.payload:
        _answer_request(tools, run)
    else:
        _answer_message(tools, run)


def _answer_request(tools: Toolbox, run: Run) -> None:
    """A failure is told with the status that fits it."""
    try:
        question = chat_requests.question(tools, run)
        material = _material(question)
        found = _found(tools, run, question, material)
    except TextorError as error:
        db.session.rollback()
        background.report(tools, run, result=_fault(error))
        raise
    answer, usage = found.answer, found.answer.usage
    told = {"model": question.model.name, "citations": _citations(answer, material), "read": material.read}
    counted = {"prompt": usage.prompt, "completion": usage.completion, "total": usage.total}
    background.finish(tools, run, {"content": answer.text or NOTHING, "usage": counted, **told})
    chat_requests.close(run.id)
    found.settle()
    db.session.commit()


def _answer_message(tools: Toolbox, run: Run) -> None:
    question = _asked(tools, run)
    material = _material(question)
    turns.write(run.id, read=material.read)  # before a word is written: an answer that is stopped was made of it, too
    db.session.commit()
    found = _found(tools, run, question, material)
    answer, usage = found.answer, found.answer.usage
    background.finish(tools, run, {})
    told = {"text": answer.text, "citations": _citations(answer, material), "state": JobState.COMPLETED}
    turns.write(run.id, **told, cost_usd=found.settle(), prompt_tokens=usage.prompt, completion_tokens=usage.completion)
    db.session.commit()


def _asked(tools: Toolbox, run: Run) -> Question:
    found = turns.answer_of(run.id)
    if found is None:
        raise NotFound("This conversation was deleted.")
    row, transcription_id = found
    model = choosing.known(tools, row.model or "")
    window = model.capabilities.window_tokens
    return Question(
        user_id=run.user_id,
        model=model,
        messages=turns.until(row, run.user_id),
        about={"transcription_id": transcription_id} if transcription_id else {"library": True},
        max_tokens=min(ANSWER_TOKENS, window // WINDOW_SHARE) if window else ANSWER_TOKENS,
        temperature=TEMPERATURE,
    )


def _material(question: Question) -> Material:
    """What there is to read, as much as the model has room for. Raises NotFound for a transcript that is gone."""
    _, room = questions.fit(question)
    about = question.about
    if "transcription_id" in about:
        return _of_transcript(question, room)
    if "library" in about:
        return _of_library(question, room)
    told = passages.of_told(about["lines"]) if "lines" in about else passages.of_text(about["text"])
    reading = retrieval.read(told, question.asked, room)
    return Material(reading, read=reading.told)


def _of_transcript(question: Question, room: Room) -> Material:
    row = library.find(question.user_id, question.about["transcription_id"])
    language = row.language or row.requested_language
    reading = retrieval.read(passages.of(row), question.asked, room, language)
    return Material(reading, row.seq, language, reading.told | {"transcription_ids": [row.id]})


def _of_library(question: Question, room: Room) -> Material:
    shelf = candidates.find(question.user_id, question.asked, question.about.get("newest"))
    reading = retrieval.read(shelf.passages, question.asked, Room(min(LIBRARY_TOKENS, room.tokens), room.cost))
    ids = {shelf.of_source(one.source).id: None for one in reading.given}
    return Material(reading, read=reading.told | {"of_transcripts": shelf.of, "transcription_ids": list(ids)}, shelf=shelf)


def _found(tools: Toolbox, run: Run, question: Question, material: Material) -> Found:
    """No model is asked about nothing. While one is, no connection to the database is kept."""
    given, (messages, _) = material.reading.given, questions.fit(question)
    if not given:
        return Found(Answer(""))
    asked = Conversation(messages, question.max_tokens, question.temperature, material.language)
    call = Call(run.user_id, material.seq, PURPOSE, question.model)
    with paying.held(tools, call, [*given, *_as_read(messages)], question.max_tokens) as held:
        return Found(question.model.answer(asked, given, pieces.writer(tools, run.id)), held)


def _as_read(messages: Sequence[Message]) -> list[Passage]:
    """What was said before is paid for, too."""
    return [Passage(0, 0.0, 0.0, one.text) for one in messages]


def _citations(answer: Answer, material: Material) -> list[dict[str, Any]]:
    """Those that are true; in a library with the transcript that each is of."""
    found, shelf = citing.checked(answer.citations, material.reading.said), material.shelf
    if shelf is None:
        return found
    sources = {one.id: one.source for one in material.reading.said}
    of = [shelf.of_source(sources[one["ids"][0]]) for one in found]
    return [one | {"transcription_id": held.id, "title": held.title} for one, held in zip(found, of, strict=True)]


def _fault(error: TextorError) -> dict[str, int]:
    """A model that is away or busy may be asked again; what it can't do it never can."""
    if isinstance(error, TextModelError) and error.retryable:
        return {"status": 503, "retry_after": int(error.retry_after or AGAIN_SECONDS)}
    return {"status": error.status}


def _failed(_tools: Toolbox, job: Job, reason: str) -> None:
    if chat_requests.REQUEST in job.payload:
        chat_requests.close(job.id)
    else:
        turns.write(job.id, state=JobState.FAILED, error=reason)


HANDLER = working.handler(_carry, _failed)
