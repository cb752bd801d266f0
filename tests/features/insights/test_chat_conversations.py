"""Conversations: listed, read along, stopped, forgotten, and gone with what they are about."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select

from tests.fakes import FakeClock, FakeTextModel, with_text_models
from tests.features.insights.chats import finished, work
from textor import jobs
from textor.adapters.text_models.port import Answer, Hear, Passage, Prices, unheard
from textor.adapters.text_models.port import Conversation as Asked
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import chat, chat_requests, conversations
from textor.features.recordings import library
from textor.models import ChatMessage, Conversation, Job, TextCharge, Transcription, User
from textor.toolbox import Toolbox

PRICES = Prices(1.0, 10.0)


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says="On Monday.", cites=lambda passages: [(3,)] if len(passages) > 3 else [])


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return with_text_models(tools, model)


@pytest.fixture
def row(app: Any, alice: User) -> Transcription:
    return finished(alice)


def test_one_answer_at_a_time(tools: Toolbox, alice: User, row: Transcription) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    with pytest.raises(WrongState, match="still being written"):
        conversations.ask(tools, alice.id, "And now?", conversation_id=conversation_id)
    assert conversations.thread(tools, alice.id, conversation_id).is_open
    work()
    assert not conversations.thread(tools, alice.id, conversation_id).is_open
    conversations.ask(tools, alice.id, "And now?", conversation_id=conversation_id)


def test_questions_that_cant_be_are_refused(tools: Toolbox, alice: User, bob: User, row: Transcription) -> None:
    with pytest.raises(InvalidInput, match="Write a question"):
        conversations.ask(tools, alice.id, " \x00 ", transcription_id=row.id)
    with pytest.raises(InvalidInput, match="at most 4,000"):
        conversations.ask(tools, alice.id, "w" * 4001, transcription_id=row.id)
    with pytest.raises(InvalidInput, match="There is no model 'gpt-9'"):
        conversations.ask(tools, alice.id, "Why?", transcription_id=row.id, model_name="gpt-9")
    with pytest.raises(WrongState, match="isn't finished"):
        conversations.ask(tools, alice.id, "Why?", transcription_id=finished(alice, status="pending").id)


def test_conversations_are_listed_the_newest_first(tools: Toolbox, alice: User, row: Transcription, clock: FakeClock) -> None:
    first, second = (conversations.ask(tools, alice.id, f"{word}?", transcription_id=row.id) for word in ("One", "Two"))
    work()
    clock.advance(60)
    conversations.ask(tools, alice.id, "More?", conversation_id=first)
    everything = conversations.ask(tools, alice.id, "All?")
    assert [(one.id, one.title) for one in conversations.threads(alice.id, row.id)] == [(first, "One?"), (second, "Two?")]
    assert [one.id for one in conversations.threads(alice.id)] == [everything]


def test_bob_gets_nowhere_with_alices_conversation(tools: Toolbox, alice: User, bob: User, row: Transcription) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    for verb in (conversations.thread, conversations.stop, conversations.forget):
        with pytest.raises(NotFound):
            verb(tools, bob.id, conversation_id)
    with pytest.raises(NotFound):
        conversations.ask(tools, bob.id, "When?", conversation_id=conversation_id)
    with pytest.raises(NotFound):
        conversations.ask(tools, bob.id, "When?", transcription_id=row.id)
    with pytest.raises(NotFound):
        conversations.threads(bob.id, row.id)
    assert conversations.threads(bob.id) == []
    with pytest.raises(NotFound):
        conversations.ask(tools, alice.id, "When?", conversation_id=conversation_id, transcription_id=finished(alice).id)


class Interrupted(FakeTextModel):
    """Somebody looks after its first words."""

    look: Callable[[], None]

    def answer(self, conversation: Asked, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        hear("On Mon")
        self.look()
        hear("day.")
        self.look()
        return super().answer(conversation, passages, hear)


def test_an_answer_is_there_as_far_as_it_is_written_and_stays_when_it_is_stopped(
    tools: Toolbox, alice: User, row: Transcription
) -> None:
    model, seen = Interrupted(name="interrupted"), []
    tools.text_models[model.name] = model  # type: ignore[index]  # a dictionary, in fact
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id, model_name=model.name)
    assert conversations.thread(tools, alice.id, conversation_id).messages[-1].state == "queued"

    def look() -> None:
        seen.append(conversations.thread(tools, alice.id, conversation_id).messages[-1])
        conversations.stop(tools, alice.id, conversation_id)

    model.look = look
    work()
    assert [(one.state, one.text) for one in seen] == [("running", "On Mon"), ("cancelled", "On Mon")]
    kept = conversations.thread(tools, alice.id, conversation_id).messages[-1]
    assert (kept.state, kept.text, kept.read["segments"]) == ("cancelled", "On Mon", 5)
    charge = db.session.scalars(select(TextCharge)).one()
    assert charge.completion_tokens == chat.ANSWER_TOKENS, "what the call would have cost at most"


def test_the_job_behind_an_answer_is_nothing_to_fetch(tools: Toolbox, alice: User, row: Transcription) -> None:
    conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    with pytest.raises(NotFound):
        chat_requests.look(alice.id, db.session.scalars(select(Job.id)).one())


def test_a_forgotten_conversation_is_gone_with_its_answer(tools: Toolbox, alice: User, row: Transcription) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    conversations.forget(tools, alice.id, conversation_id)
    with pytest.raises(NotFound):
        conversations.thread(tools, alice.id, conversation_id)
    assert db.session.scalars(select(Job.state)).all() == ["cancelled"]
    assert db.session.scalars(select(ChatMessage)).all() == []


def test_conversations_go_with_their_transcript(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel, clock: FakeClock
) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    library.delete(tools, alice.id, row.id)
    with pytest.raises(NotFound):
        conversations.thread(tools, alice.id, conversation_id)
    work()
    assert model.calls == []
    library.undo_delete(tools, alice.id, row.id)
    assert conversations.thread(tools, alice.id, conversation_id).messages[-1].error == "There is no such transcript."
    library.delete(tools, alice.id, row.id)
    clock.advance(3600)
    library.purge(tools)
    assert db.session.scalars(select(Conversation)).all() == []
    assert db.session.scalars(select(ChatMessage)).all() == []


def test_a_question_whose_transcript_is_destroyed_is_never_asked(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel, clock: FakeClock
) -> None:
    conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    library.delete(tools, alice.id, row.id)
    clock.advance(3600)
    library.purge(tools)
    work()
    assert db.session.scalars(select(Job.error)).all() == ["This conversation was deleted."]
    assert model.calls == []


def test_a_transcript_that_goes_while_its_question_is_answered_breaks_nothing(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel, clock: FakeClock
) -> None:
    def purge(verb: str, passages: Sequence[Passage]) -> None:
        library.delete(tools, alice.id, row.id)
        clock.advance(3600)
        library.purge(tools)

    model.before_call, model.prices = purge, PRICES
    conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    work()
    assert db.session.scalars(select(Job.state)).all() == ["completed"]
    charge = db.session.scalars(select(TextCharge)).one()
    assert charge.transcription_seq is None and charge.usd == pytest.approx(2e-4)


def test_a_question_that_was_stopped_before_its_turn_is_never_asked(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel
) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    job_id = db.session.scalars(select(Job.id)).one()
    conversations.stop(tools, alice.id, conversation_id)
    with current_app.app_context():
        jobs.run("chat", job_id, 1)
    assert model.calls == []
    assert conversations.thread(tools, alice.id, conversation_id).messages[-1].state == "cancelled"
