"""Summaries as their owners see them."""

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, func, select

from tests import at_once, factories
from tests.fakes import FakeClock, FakeTextModel
from tests.features.insights.summaries import clock, edit, finished, made, model, tools, work
from textor.domain.job_states import Status
from textor.errors import InvalidInput, NotFound, OverBudget, TextModelError, WrongState
from textor.extensions import db
from textor.features.insights import summary
from textor.features.insights.summary import Order
from textor.features.recordings import library
from textor.job_queue import background, pieces, tickets
from textor.models import Job, Summary, User
from textor.models.jobs import JobState
from textor.settings import Settings
from textor.toolbox import Toolbox

__all__ = ["clock", "model", "tools"]


def count(of: type[Summary | Job]) -> int:
    return db.session.scalar(select(func.count()).select_from(of)) or 0


def test_a_summary_is_written_and_found_again(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = finished(alice)
    assert summary.latest(tools, alice.id, row.id) is None
    order = Order(max_words=120, format="key_points", instruction=" Name the harbour. ")
    summary_id = summary.begin(tools, alice.id, row.id, order)
    waiting = summary.find(tools, alice.id, summary_id)
    assert (waiting.state, waiting.text, waiting.is_stale) == (JobState.QUEUED, "", False)
    assert tickets.waiting(tools, background.QUEUE) == [background.ticket_id(summary_id, 1)]
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert (found.state, found.progress, found.text, found.topics) == ("completed", 100.0, model.says, ["the sea", "a ship"])
    assert (found.model, found.format, found.max_words, found.instruction) == (
        "fake-text",
        "key_points",
        120,
        "Name the harbour.",
    )
    assert found.citations == [{"start": 0.0, "end": 2.0, "text": "Good morning, everybody.", "ids": [0]}]
    assert found.read == {"segments": 3, "of": 3, "seconds": 6.0, "parts": 1}
    assert (found.prompt_tokens, found.completion_tokens, found.cost_usd) == (100, 10, None)
    assert (found.transcription_id, found.is_stale, found.error) == (row.id, False, None)
    assert summary.latest(tools, alice.id, row.id) == found


def test_the_model_is_told_what_was_ordered_and_in_which_language_it_was_said(
    tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    made(tools, alice, finished(alice, "سلام به همه", language="fa"), Order(max_words=7, instruction="Be brief."))
    ((_verb, passages, wanted),) = model.calls
    assert [one.text for one in passages] == ["سلام به همه"]
    assert (wanted.language, wanted.max_words, wanted.instruction) == ("fa", 7, "Be brief.")


def test_what_has_no_text_yet_is_not_summed_up(tools: Toolbox, alice: User) -> None:
    for status in (Status.PENDING, Status.FAILED, Status.CANCELLED):
        row = factories.transcription(alice, status=status)
        with pytest.raises(WrongState, match="no text to sum up yet"):
            summary.begin(tools, alice.id, row.id, Order())


def test_one_with_missing_parts_can_be_summed_up(tools: Toolbox, alice: User) -> None:
    assert made(tools, alice, finished(alice, status=Status.PARTIAL)).state == JobState.COMPLETED


def test_where_nothing_was_said_there_is_nothing_to_sum_up(tools: Toolbox, alice: User) -> None:
    for lines in ((" ",), ("", "\n")):
        with pytest.raises(InvalidInput, match="nothing was said"):
            summary.begin(tools, alice.id, finished(alice, *lines).id, Order())
        with pytest.raises(InvalidInput, match="nothing was said"):
            summary.begin_told(tools, alice.id, "\n".join(lines), Order())
    assert count(Job) == 0


def test_an_order_that_cant_be_honoured_is_refused_at_once(tools: Toolbox, alice: User) -> None:
    row = finished(alice)
    for order, field in (
        (Order(max_words=0), "max_length"),
        (Order(max_words=5001), "max_length"),
        (Order(format="poem"), "format"),
        (Order(instruction="x" * 2001), "instruction"),
        (Order(model_name="nobody"), "model_name"),
        (Order(model_name="textor-extractive", instruction="Be kind."), "instruction"),
    ):
        with pytest.raises(InvalidInput) as refused:
            summary.begin(tools, alice.id, row.id, order)
        assert refused.value.field == field
    assert count(Job) == 0


def test_characters_that_no_database_stores_do_no_harm(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.says, model.topics = "One\0 two.", ("a\0b\nc",)
    summary_id = summary.begin_told(tools, alice.id, "Good\0 morning.", Order(instruction="Be\0 kind.\x07"))
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert (found.text, found.topics, found.instruction) == ("One two.", ["a b c"], "Be kind.")


def test_a_budget_that_is_too_small_is_told_before_anything_is_begun(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = finished(alice)
    alice.monthly_budget = 0.0
    db.session.commit()
    with pytest.raises(OverBudget):
        summary.begin(tools, alice.id, row.id, Order())
    assert (count(Job), model.calls) == (0, [])


def test_while_it_is_written_the_pieces_are_shown(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row, seen = finished(alice), []
    summary_id = summary.begin(tools, alice.id, row.id, Order())

    def look(_verb: str, _passages: object) -> None:
        hear = pieces.writer(tools, summary_id)
        hear("So far")
        seen.append(summary.find(tools, alice.id, summary_id))

    model.before_call = look
    work(summary_id)
    assert [(one.state, one.text, one.message) for one in seen] == [("running", "So far", "Writing the summary")]


def test_the_earlier_one_stays_until_a_newer_one_is_there(
    tools: Toolbox, alice: User, model: FakeTextModel, clock: FakeClock
) -> None:
    row = finished(alice)
    first = made(tools, alice, row)
    clock.advance(1)
    model.says = "Something else."
    second_id = summary.begin(tools, alice.id, row.id, Order(max_words=100))
    shown = summary.latest(tools, alice.id, row.id)
    assert shown
    assert (shown.id, shown.state, shown.text, shown.earlier) == (second_id, "queued", first.text, first)
    work(second_id)
    shown = summary.latest(tools, alice.id, row.id)
    assert shown
    assert (shown.id, shown.text, shown.earlier) == (second_id, "Something else.", None)
    assert (count(Summary), count(Job)) == (1, 1)
    with pytest.raises(NotFound):
        summary.find(tools, alice.id, first.id)


def test_the_earlier_one_stays_when_a_newer_one_fails(
    tools: Toolbox, alice: User, model: FakeTextModel, clock: FakeClock
) -> None:
    row = finished(alice)
    first = made(tools, alice, row)
    clock.advance(1)
    model.error = TextModelError("The model has refused.")
    second = made(tools, alice, row)
    shown = summary.latest(tools, alice.id, row.id)
    assert shown
    assert (second.state, second.error, second.text) == ("failed", "The model has refused.", "")
    assert (shown.id, shown.error, shown.text, shown.earlier) == (second.id, "The model has refused.", first.text, first)


def test_one_that_is_stopped_leaves_the_earlier_one(tools: Toolbox, alice: User, clock: FakeClock, model: FakeTextModel) -> None:
    row = finished(alice)
    first = made(tools, alice, row)
    clock.advance(1)
    second_id = summary.begin(tools, alice.id, row.id, Order(max_words=9))
    summary.stop(tools, alice.id, second_id)
    summary.stop(tools, alice.id, second_id)
    work(second_id)
    shown = summary.latest(tools, alice.id, row.id)
    assert shown
    assert (shown.state, shown.text, shown.earlier) == ("cancelled", first.text, first)
    assert len(model.calls) == 1


def test_stopping_what_is_over_changes_nothing(tools: Toolbox, alice: User) -> None:
    found = made(tools, alice, finished(alice))
    summary.stop(tools, alice.id, found.id)
    assert summary.find(tools, alice.id, found.id) == found


def test_what_was_stopped_or_has_failed_can_be_ordered_again(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = finished(alice)
    stopped = summary.begin(tools, alice.id, row.id, Order())
    summary.stop(tools, alice.id, stopped)
    model.error = TextModelError("No.")
    failed = made(tools, alice, row)
    model.error = None
    assert len({stopped, failed.id, made(tools, alice, row).id}) == 3


def test_the_same_order_is_joined_while_it_is_made_and_another_is_not(tools: Toolbox, alice: User) -> None:
    row = finished(alice)
    first = summary.begin(tools, alice.id, row.id, Order())
    assert summary.begin(tools, alice.id, row.id, Order(model_name="fake-text", instruction=" ")) == first
    assert summary.begin(tools, alice.id, row.id, Order(max_words=10)) != first
    edit(row)
    assert summary.begin(tools, alice.id, row.id, Order()) != first
    assert summary.begin(tools, alice.id, finished(alice).id, Order()) != first
    work(first)
    assert summary.begin(tools, alice.id, row.id, Order()) != first


@pytest.mark.both_databases
def test_of_many_at_once_with_the_same_order_all_get_one(app: APIFlask, tools: Toolbox, alice: User) -> None:
    user_id, row_id = alice.id, finished(alice).id
    db.session.commit()
    found = at_once.results(app, 4, lambda: summary.begin(tools, user_id, row_id, Order()))
    assert len(set(found)) == 1
    assert (count(Summary), count(Job)) == (1, 1)


def test_an_edit_makes_it_stale_and_so_does_a_new_hearing(tools: Toolbox, alice: User) -> None:
    row = finished(alice)
    found = made(tools, alice, row)
    edit(row)
    assert summary.find(tools, alice.id, found.id).is_stale
    assert not made(tools, alice, row).is_stale
    row.finished_at = None
    db.session.commit()
    latest = summary.latest(tools, alice.id, row.id)
    assert latest
    assert latest.is_stale


def test_nobody_finds_stops_or_orders_what_is_somebody_elses(tools: Toolbox, alice: User, bob: User) -> None:
    row = finished(alice)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    for forbidden in (
        lambda: summary.find(tools, bob.id, summary_id),
        lambda: summary.stop(tools, bob.id, summary_id),
        lambda: summary.latest(tools, bob.id, row.id),
        lambda: summary.begin(tools, bob.id, row.id, Order()),
        lambda: summary.find(tools, alice.id, "nothing"),
    ):
        with pytest.raises(NotFound):
            forbidden()
    assert summary.find(tools, alice.id, summary_id).state == JobState.QUEUED


def test_lines_that_a_request_brings_are_summed_up_and_forgotten(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    told = [{"start": 1.0, "end": 2.5, "text": "Hello there."}, {"start": 2.5, "end": 4.0, "text": "General."}]
    summary_id = summary.begin_told(tools, alice.id, told, Order())
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert found.citations == [{"start": 1.0, "end": 2.5, "text": "Hello there.", "ids": [0]}]
    assert (found.transcription_id, found.is_stale, found.read["seconds"]) == (None, False, 3.0)
    job = db.session.get_one(Job, summary_id)
    assert (job.payload, job.result) == ({}, {})
    assert summary.begin_told(tools, alice.id, told, Order()) != summary_id


def test_a_text_without_times_is_read_line_by_line(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    summary_id = summary.begin_told(tools, alice.id, "Hello there.\n\nGeneral.", Order())
    work(summary_id)
    assert [one.text for one in model.calls[0][1]] == ["Hello there.", "General."]
    assert summary.find(tools, alice.id, summary_id).read == {"segments": 2, "of": 2, "seconds": 0.0, "parts": 1}


def test_what_is_told_has_its_bounds(tools: Toolbox, alice: User) -> None:
    with pytest.raises(InvalidInput, match="100,000 segments"):
        summary.begin_told(tools, alice.id, [{"start": 0, "end": 0, "text": "a"}] * 100_001, Order())
    with pytest.raises(InvalidInput, match="4,000,000 characters"):
        summary.begin_told(tools, alice.id, "a" * 4_000_001, Order())


def test_a_hidden_transcript_hides_its_summary_and_its_end_takes_it_along(
    settings: Settings, tools: Toolbox, alice: User, clock: FakeClock
) -> None:
    row = finished(alice)
    found = made(tools, alice, row)
    library.delete(tools, alice.id, row.id)
    with pytest.raises(NotFound):
        summary.find(tools, alice.id, found.id)
    library.undo_delete(tools, alice.id, row.id)
    assert summary.find(tools, alice.id, found.id).text
    library.delete(tools, alice.id, row.id)
    clock.advance(settings.undo_seconds + 1)
    assert library.purge(tools) == 1
    assert count(Summary) == 0


def test_a_summary_outlives_its_job(tools: Toolbox, alice: User) -> None:
    found = made(tools, alice, finished(alice))
    db.session.execute(delete(Job))
    db.session.commit()
    again = summary.find(tools, alice.id, found.id)
    assert (again.state, again.text, again.progress) == ("completed", found.text, 100.0)


def test_what_was_brought_along_is_kept_for_a_month(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    told, of_transcript = summary.begin_told(tools, alice.id, "Hello.", Order()), made(tools, alice, finished(alice)).id
    work(told)
    clock.advance(30 * 24 * 3600)
    assert summary.sweep(tools) == 0
    clock.advance(1)
    assert summary.sweep(tools) == 1
    assert db.session.scalars(select(Summary.id)).all() == db.session.scalars(select(Job.id)).all() == [of_transcript]
