"""Chat with one transcript: asked on a page, answered by a worker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests.fakes import FakeTextModel, with_text_models
from tests.features.insights.chats import LINES, answered, finished, work
from textor.adapters.text_models.port import Answer, Citation, Hear, Passage, Prices, Usage, unheard
from textor.adapters.text_models.port import Conversation as Asked
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import conversations
from textor.models import ChatMessage, TextCharge, Transcription, User
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


def given(model: FakeTextModel, call: int = -1) -> list[str]:
    return [one.text for one in model.calls[call][1]]


def told(model: FakeTextModel, call: int = -1) -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in model.calls[call][2].messages]


def test_an_answer_cites_where_it_was_said(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    answer = answered(tools, alice, "When is the printer bought?", transcription_id=row.id)
    assert (answer.role, answer.state, answer.text, answer.model) == ("assistant", "completed", "On Monday.", "fake-text")
    cited = {"start": 6.0, "end": 8.0, "text": LINES[3], "ids": [3], "transcription_id": row.id, "title": "A recording"}
    assert answer.citations == [cited]
    assert answer.read == {"segments": 5, "of": 5, "transcripts": 1, "transcription_ids": [row.id]}
    assert (answer.usage, answer.cost_usd) == (Usage(100, 10), None)
    assert given(model) == list(LINES)
    assert told(model) == [("user", "When is the printer bought?")]


def test_the_built_in_model_answers_with_quotes(tools: Toolbox, alice: User, row: Transcription) -> None:
    answer = answered(tools, alice, "What does the printer cost?", transcription_id=row.id, model_name="textor-extractive")
    assert "400 dollars" in answer.text
    assert [one["text"] for one in answer.citations] == answer.text.split("\n\n")
    nothing = answered(tools, alice, "Zebras?", transcription_id=row.id, model_name="textor-extractive")
    assert nothing.is_empty and nothing.citations == []


class Forger(FakeTextModel):
    """Cites what nobody said beside what somebody did."""

    def answer(self, conversation: Asked, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        found = super().answer(conversation, passages, hear)
        return replace(found, citations=(*found.citations, Citation(6.0, 8.0, "Paul will not buy the printer.", (3,))))


def test_citations_that_are_not_true_are_not_shown(tools: Toolbox, alice: User, row: Transcription) -> None:
    tools.text_models["forger"] = Forger(name="forger")  # type: ignore[index]  # a dictionary, in fact
    answer = answered(tools, alice, "When?", transcription_id=row.id, model_name="forger")
    assert [one["text"] for one in answer.citations] == [LINES[0]]


def test_a_long_transcript_is_read_in_parts_and_says_so(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    long = finished(alice, *(f"Nothing of note in part {n}." for n in range(300)), *LINES)
    model.window_tokens, model.cites = 3_000, lambda passages: []
    answer = answered(tools, alice, "What does the printer cost?", transcription_id=long.id)
    assert LINES[2] in given(model)
    assert answer.read["segments"] == len(given(model)) < answer.read["of"] == 305


def test_a_question_that_leaves_no_room_is_refused(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    model.window_tokens = 2_500
    answer = answered(tools, alice, "why " * 900, transcription_id=row.id)
    assert (answer.state, answer.error) == (
        "failed",
        "Fake text can't read so long a question. Make it shorter, or choose another model.",
    )


def test_what_was_said_before_is_sent_along(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    first = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    work()
    model.error = TextModelError("It broke.")
    answered(tools, alice, "Where?", conversation_id=first)
    model.error = None
    answered(tools, alice, "Who?", conversation_id=first)
    assert told(model) == [("user", "When?"), ("assistant", "On Monday."), ("user", "Who?")]


def test_the_oldest_messages_are_dropped_first(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    model.says = "word " * 200
    conversation_id = conversations.ask(tools, alice.id, "First?", transcription_id=row.id)
    work()
    answered(tools, alice, "Second?", conversation_id=conversation_id)
    model.window_tokens = 4_000
    answered(tools, alice, "Third?", conversation_id=conversation_id)
    assert [text for role, text in told(model) if role == "user"] == ["Second?", "Third?"]


def test_a_failure_is_tried_again_or_told_and_the_question_can_be_asked_again(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel
) -> None:
    model.error = TextModelError("The model is busy.", retryable=True)
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    work()
    assert conversations.thread(tools, alice.id, conversation_id).messages[-1].state == "queued"
    model.error = TextModelError("The model refused.")
    work()
    failed = conversations.thread(tools, alice.id, conversation_id).messages[-1]
    assert (failed.state, failed.error, failed.text) == ("failed", "The model refused.", "")
    model.error = None
    assert answered(tools, alice, "When?", conversation_id=conversation_id).text == "On Monday."
    assert told(model) == [("user", "When?")]


def test_a_worker_that_broke_leaves_a_failed_message(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel
) -> None:
    model.error = RuntimeError("a bug")
    answer = answered(tools, alice, "When?", transcription_id=row.id)
    assert answer.state == "failed" and answer.error and "inside Textor" in answer.error


def test_a_model_that_is_not_set_up_any_more_is_told(tools: Toolbox, alice: User, row: Transcription) -> None:
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    message = db.session.scalars(select(ChatMessage).where(ChatMessage.role == "assistant")).one()
    message.model = "gone"
    db.session.commit()
    work()
    answer = conversations.thread(tools, alice.id, conversation_id).messages[-1]
    assert answer.error == "The model 'gone' is not set up any more."


def test_an_answer_is_charged_to_its_transcript(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    model.prices = PRICES
    answer = answered(tools, alice, "When?", transcription_id=row.id)
    charge = db.session.scalars(select(TextCharge)).one()
    assert (charge.user_id, charge.transcription_seq, charge.purpose) == (alice.id, row.seq, "chat")
    assert answer.cost_usd == charge.usd == pytest.approx(2e-4)


def test_what_was_said_before_is_paid_for_too(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    held = []
    model.prices, model.says = PRICES, "word " * 100
    model.before_call = lambda verb, passages: held.append(db.session.scalars(select(TextCharge.prompt_tokens)).all()[-1])
    conversation_id = conversations.ask(tools, alice.id, "When?", transcription_id=row.id)
    work()
    answered(tools, alice, "When?", conversation_id=conversation_id)
    assert held[1] - held[0] > 500 / 3


def test_over_the_budget_no_model_is_asked(tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel) -> None:
    model.prices, alice.monthly_budget = Prices(1000.0, 10_000.0), 0.01
    db.session.commit()
    answer = answered(tools, alice, "When?", transcription_id=row.id)
    assert answer.state == "failed" and answer.error and "of your $0.01" in answer.error
    assert model.calls == []


def test_no_model_is_asked_about_a_transcript_in_which_nothing_was_said(
    tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    answer = answered(tools, alice, "When?", transcription_id=finished(alice, "...").id)
    assert answer.is_empty and answer.read["of"] == 0
    assert model.calls == []


def test_no_transaction_is_open_while_a_model_writes(
    tools: Toolbox, alice: User, row: Transcription, model: FakeTextModel
) -> None:
    seen = []
    model.before_call = lambda verb, passages: seen.append(db.session().in_transaction())
    answered(tools, alice, "When?", transcription_id=row.id)
    assert seen == [False]
