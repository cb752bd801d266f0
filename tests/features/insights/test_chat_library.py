"""Chat with all of a user's transcripts: which are looked into, what of them is read, and that nobody else's ever is."""

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from tests.fakes import FakeClock, FakeTextModel, with_text_models
from tests.features.insights.chats import LINES, answered, finished, work
from textor.extensions import db
from textor.features.insights import candidates, conversations, turns
from textor.features.recordings import library
from textor.models import ChatMessage, User
from textor.toolbox import Toolbox

FILLERS = tuple(f"Nothing of note in part {n}." for n in range(700))


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says="So it is.")


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return with_text_models(tools, model)


def given(model: FakeTextModel) -> dict[str, list[str]]:
    """What the model was given last, by transcript."""
    found: dict[str, list[str]] = {}
    for one in model.calls[-1][1]:
        found.setdefault(str(one.source), []).append(one.text)
    return found


@pytest.mark.both_databases
def test_an_answer_cites_transcripts_by_their_titles(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    meeting = finished(alice, title="Meeting")
    finished(alice, "The sea was calm.", title="Holidays")
    model.cites = lambda passages: [(one.id,) for one in passages if one.text == LINES[2]]
    answer = answered(tools, alice, "What does the printer cost?")
    (cited,) = answer.citations
    assert (cited["text"], cited["start"], cited["title"]) == (LINES[2], 4.0, "Meeting")
    assert cited["transcription_id"] == meeting.id
    assert answer.read == {
        "segments": 5,
        "of": 5,
        "transcripts": 1,
        "of_transcripts": 2,
        "transcription_ids": [meeting.id],
    }
    library.rename(tools, alice.id, meeting.id, "Monday")
    shown = conversations.thread(tools, alice.id, conversations.threads(alice.id)[0].id).messages[-1]
    assert shown.citations[0]["title"] == "Monday"


def test_ids_are_unique_over_transcripts_and_nothing_follows_from_one_into_the_next(
    tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    finished(alice, title="Same")
    finished(alice, title="Same")
    answered(tools, alice, "What does the printer cost?")
    ids = [one.id for one in model.calls[-1][1]]
    assert ids == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert list(given(model)) == ["Same (2026-11-20)", "Same (2026-11-20) 2"]


def test_bobs_words_never_reach_the_model_that_alice_asks(tools: Toolbox, alice: User, bob: User, model: FakeTextModel) -> None:
    finished(bob, "The printer is a pomegranate.", title="The printer of Bob")
    for question in ("What does the printer cost?", "Pomegranate?", "What is it about?"):
        assert answered(tools, alice, question).is_empty
    assert model.calls == []
    finished(alice, "A printer.")
    answered(tools, alice, "What is the pomegranate printer?")
    answered(tools, alice, "What is it about?")
    assert [one.text for _, passages, _ in model.calls for one in passages] == ["A printer.", "A printer."]


def test_what_is_deleted_or_not_finished_is_not_looked_into(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    library.delete(tools, alice.id, finished(alice, "A deleted printer.").id)
    finished(alice, "A pending printer.", status="pending")
    assert answered(tools, alice, "Printer?").is_empty
    assert model.calls == []


@pytest.mark.both_databases
def test_any_telling_word_finds_and_rare_ones_count_more(tools: Toolbox, alice: User) -> None:
    for _ in range(candidates.MOST_TRANSCRIPTS):
        finished(alice, "The team has decided.")
    rare = finished(alice, "An ibex!")
    for _ in range(3):
        finished(alice, "Teams decide.")
    shelf = candidates.find(alice.id, ["Did the team decide about ibexes and zebras?"])
    assert shelf.candidates[0].id == rare.id
    assert len(shelf.candidates) == candidates.MOST_TRANSCRIPTS and shelf.of == candidates.MOST_TRANSCRIPTS + 4


FORMS = [
    ("Which companies were planning relations?", "A company planned it."),
    ("کتاب‌ها کجا هستند؟", "او كتابي خريد."),
    ("أين الكتاب؟", "اشترى كتابا."),
    ("ما هو كتاب؟", "والكتاب هنا."),
    ("Any cats?", "A cat."),
    ("What happened in 2024?", "It was in 2024."),
    ("بودجه چقدر است؟", "بودجه‌ی ما."),
]


@pytest.mark.both_databases
def test_words_are_found_in_other_forms(app: APIFlask) -> None:
    for n, (question, line) in enumerate(FORMS):
        owner = factories.user(f"User {n}")
        found = finished(owner, line)
        finished(owner, "Something else, catalogued.")
        assert [one.id for one in candidates.find(owner.id, [question]).candidates] == [found.id], question


def test_the_newest_are_read_where_the_question_has_no_telling_word_or_its_words_are_nowhere(tools: Toolbox, alice: User) -> None:
    rows = [finished(alice, "The sea.") for _ in range(candidates.MOST_TRANSCRIPTS + 2)]
    newest = [row.id for row in reversed(rows)][: candidates.MOST_TRANSCRIPTS]
    for question in ("What is this about?", "???", "Zebras?"):
        assert [one.id for one in candidates.find(alice.id, [question]).candidates] == newest
    assert [one.id for one in candidates.find(alice.id, ["Zebras?"], newest=2).candidates] == newest[:2]


def test_a_follow_up_is_about_what_was_asked_before(tools: Toolbox, alice: User) -> None:
    ship, _ = finished(alice, "The ship sank."), finished(alice, "The sea.")
    assert [one.id for one in candidates.find(alice.id, ["Where is the ship?", "And why?"]).candidates] == [ship.id]


def test_what_is_read_of_a_library_is_bounded(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    finished(alice, *FILLERS[:300], LINES[2], *FILLERS[301:], title="Meeting")
    finished(alice, *FILLERS, title="Other part")
    answer = answered(tools, alice, "What does the printer in part 3 cost?")
    read = model.calls[-1][1]
    assert sum(model.tokens(one.text) for one in read) < 12_000
    assert LINES[2] in [one.text for one in read]
    assert answer.read["segments"] == len(read) < answer.read["of"] == 1400


def test_the_built_in_model_quotes_from_several(tools: Toolbox, alice: User) -> None:
    for title in ("One", "Two"):
        finished(alice, *FILLERS[:5], "The printer is expensive.", title=title)
    answer = answered(tools, alice, "Is the printer expensive?", model_name="textor-extractive")
    assert {one["title"] for one in answer.citations} == {"One", "Two"}


@pytest.mark.both_databases
def test_nothing_of_a_deleted_transcript_is_left_in_answers(
    tools: Toolbox, alice: User, model: FakeTextModel, clock: FakeClock
) -> None:
    finished(alice, "A lighthouse.", title="Kept")
    gone = finished(alice, "A printer.", title="Gone")
    conversation_id = conversations.ask(tools, alice.id, "Lighthouse?")
    work()
    answered(tools, alice, "Printer?", conversation_id=conversation_id)
    library.delete(tools, alice.id, gone.id)

    def shown() -> list[tuple[str, str, int]]:
        messages = conversations.thread(tools, alice.id, conversation_id).messages
        return [(one.state, one.text, len(one.citations)) for one in messages if one.role == "assistant"]

    assert shown() == [("completed", "So it is.", 1), ("failed", "", 0)]
    answered(tools, alice, "Lighthouse, again?", conversation_id=conversation_id)
    assert [one.text for one in model.calls[-1][2].messages] == ["Lighthouse?", "So it is.", "Lighthouse, again?"]
    assert turns.sweep(tools) == 0
    library.undo_delete(tools, alice.id, gone.id)
    assert shown()[1] == ("completed", "So it is.", 1)
    library.delete(tools, alice.id, gone.id)
    clock.advance(3600)
    library.purge(tools)
    assert turns.sweep(tools) == 1
    assert shown()[1] == ("failed", "", 0)
    texts: Any = db.session.scalars(select(ChatMessage.text).where(ChatMessage.role == "assistant").order_by(ChatMessage.id))
    assert list(texts) == ["So it is.", "", "So it is."]
