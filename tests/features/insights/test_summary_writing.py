"""A worker writes summaries: nothing is paid for twice, nothing is lost, and what was deleted meanwhile is nobody's."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from tests.fakes import FakeClock, FakeTextModel
from tests.features.insights.summaries import LONG, SHORT_WINDOW, clock, edit, finished, made, model, tools, work
from textor.adapters.text_models.port import Citation, Passage, Prices, Usage
from textor.domain.job_states import Status
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import summary, windows
from textor.features.insights.summary import Order
from textor.features.recordings import library
from textor.job_queue import background, healing
from textor.models import Delivery, Job, TextCharge, User
from textor.models import Summary as Row
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["clock", "model", "tools"]


class KilledError(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture
def short(model: FakeTextModel) -> FakeTextModel:
    """Reads little at once, and costs a dollar a call."""
    model.window_tokens, model.prices, model.usage = SHORT_WINDOW, Prices(10_000.0, 0.0), Usage(100, 0)
    model.says = lambda passages, wanted: f"- {passages[0].text}\n- {passages[-1].text}"
    return model


def breaks_at(call: int, error: BaseException, model: FakeTextModel) -> None:
    """That call of the model, once."""

    def look(_verb: str, _passages: Sequence[Passage]) -> None:
        if len(model.calls) == call:
            raise error

    model.before_call = look


def asked(model: FakeTextModel) -> list[tuple[str, ...]]:
    return [tuple(one.text for one in passages) for _verb, passages, _wanted in model.calls]


def charges() -> list[float | None]:
    return list(db.session.scalars(select(TextCharge.usd).order_by(TextCharge.id)))


def test_a_long_transcript_is_read_in_parts_and_says_so(tools: Toolbox, alice: User, short: FakeTextModel) -> None:
    row = finished(alice, *LONG)
    found = made(tools, alice, row)
    parts = found.read["parts"]
    assert parts > 3
    assert found.read == {"segments": len(LONG), "of": len(LONG), "seconds": 2.0 * len(LONG), "parts": parts}
    assert [line for part in asked(short)[:parts] for line in part] == list(LONG)
    assert [one["ids"] for one in found.citations] == [[0]]
    assert charges() == [1.0] * len(short.calls)
    assert (found.cost_usd, found.prompt_tokens) == (float(len(short.calls)), 100 * len(short.calls))


def test_a_worker_that_is_killed_never_pays_twice_for_a_part(
    tools: Toolbox, alice: User, short: FakeTextModel, clock: FakeClock
) -> None:
    row = finished(alice, *LONG)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    breaks_at(3, KilledError(), short)
    with pytest.raises(KilledError):
        work(summary_id)
    db.session.rollback()
    seen = summary.find(tools, alice.id, summary_id)
    assert (seen.state, seen.message) == (JobState.RUNNING, f"Reading part 3 of {_parts(short)}")
    clock.advance(tools.settings.lease_seconds + 1)
    assert healing.heal(tools) == 1
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert found.state == JobState.COMPLETED
    assert len(set(asked(short))) == len(asked(short)) - 1, "only the call that was broken off is made again"
    assert found.cost_usd == len(asked(short)) - 1


def _parts(model: FakeTextModel) -> int:
    passages = [Passage(n, 0.0, 0.0, line) for n, line in enumerate(LONG)]
    return len(list(windows.parts(model, passages, windows.room(model, windows.point_words(model)))))


def test_a_provider_that_is_away_is_asked_again_later_for_the_rest(
    tools: Toolbox, alice: User, short: FakeTextModel, clock: FakeClock
) -> None:
    row = finished(alice, *LONG)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    breaks_at(2, TextModelError("Too many requests.", retryable=True, retry_after=60), short)
    work(summary_id)
    waiting = summary.find(tools, alice.id, summary_id)
    assert (waiting.state, waiting.message) == (JobState.QUEUED, "Too many requests.")
    assert db.session.get_one(Job, summary_id).attempts == 1
    work(summary_id)
    assert summary.find(tools, alice.id, summary_id).state == JobState.COMPLETED
    assert len(charges()) == len(asked(short)) - 1


def test_a_run_that_gets_on_has_all_its_attempts_again(tools: Toolbox, alice: User, short: FakeTextModel) -> None:
    row = finished(alice, *LONG)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    for call in range(2, 2 + 2 * background.MAX_ATTEMPTS, 2):
        breaks_at(call, TextModelError("Busy.", retryable=True), short)
        work(summary_id)
        assert summary.find(tools, alice.id, summary_id).state == JobState.QUEUED
    work(summary_id)
    assert summary.find(tools, alice.id, summary_id).state == JobState.COMPLETED


def test_a_corrected_transcript_is_paid_for_where_it_differs(tools: Toolbox, alice: User, short: FakeTextModel) -> None:
    row = finished(alice, *LONG)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    breaks_at(4, TextModelError("Busy.", retryable=True), short)
    work(summary_id)
    edit(row)
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert (found.state, found.is_stale) == (JobState.COMPLETED, False)
    assert len(set(asked(short))) == len(asked(short)) - 1


def test_a_budget_that_is_used_up_on_the_way_ends_it_with_that_reason(tools: Toolbox, alice: User, short: FakeTextModel) -> None:
    row = finished(alice, *LONG)
    alice.monthly_budget = 1e6
    db.session.commit()
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    alice.monthly_budget = 0.5
    db.session.commit()
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert found.state == JobState.FAILED
    assert found.error
    assert "$0.50 for this month" in found.error
    assert short.calls == []


def test_one_that_is_stopped_in_the_middle_of_a_call_is_charged_for_it_and_nothing_more(
    tools: Toolbox, alice: User, short: FakeTextModel
) -> None:
    row = finished(alice, *LONG)
    summary_id, user_id = summary.begin(tools, alice.id, row.id, Order()), alice.id

    def stop(_verb: str, _passages: Sequence[Passage]) -> None:
        if len(short.calls) == 2:
            summary.stop(tools, user_id, summary_id)

    short.before_call = stop
    work(summary_id)
    found = summary.find(tools, user_id, summary_id)
    assert (found.state, found.text, found.error) == (JobState.CANCELLED, "", None)
    assert (charges(), found.cost_usd, len(short.calls)) == ([1.0, 1.0], 2.0, 2)


@pytest.mark.parametrize("is_destroyed", [False, True])
def test_of_a_transcript_that_is_deleted_meanwhile_no_summary_is_made(
    tools: Toolbox, alice: User, short: FakeTextModel, clock: FakeClock, is_destroyed: bool
) -> None:
    row = finished(alice, *LONG)
    summary_id, user_id, row_id = summary.begin(tools, alice.id, row.id, Order()), alice.id, row.id

    def delete(_verb: str, _passages: Sequence[Passage]) -> None:
        if len(short.calls) == 2:
            library.delete(tools, user_id, row_id)
            if is_destroyed:
                clock.advance(tools.settings.undo_seconds + 1)
                assert library.purge(tools) == 1

    short.before_call = delete
    work(summary_id)
    job = db.session.get_one(Job, summary_id, populate_existing=True)
    assert (job.state, job.error, job.payload, job.result, job.dedupe_key) == (JobState.CANCELLED, None, {}, {}, None)
    assert (len(short.calls), len(charges())) == (2, 2)
    assert db.session.scalar(select(func.count()).select_from(Row)) == (0 if is_destroyed else 1)
    assert library.purge(tools) == 0


def test_a_transcript_that_is_deleted_while_the_last_words_are_written_has_no_summary(
    tools: Toolbox, alice: User, model: FakeTextModel, clock: FakeClock
) -> None:
    row = finished(alice)
    summary_id, user_id, row_id = summary.begin(tools, alice.id, row.id, Order()), alice.id, row.id

    def delete(_verb: str, _passages: Sequence[Passage]) -> None:
        library.delete(tools, user_id, row_id)
        clock.advance(tools.settings.undo_seconds + 1)
        library.purge(tools)

    model.before_call = delete
    work(summary_id)
    assert db.session.get_one(Job, summary_id, populate_existing=True).state == JobState.CANCELLED
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_one_that_is_heard_anew_meanwhile_is_not_summed_up(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = finished(alice)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    row.status = Status.PENDING
    db.session.commit()
    work(summary_id)
    found = summary.find(tools, alice.id, summary_id)
    assert (found.state, found.error) == (
        JobState.FAILED,
        "The transcript is being made anew. Have it summed up when that is done.",
    )
    assert model.calls == []


def test_a_model_that_is_gone_since_fails_it_with_that_reason(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = finished(alice)
    summary_id = summary.begin(tools, alice.id, row.id, Order())
    db.session.get_one(Row, summary_id).model = "gone"
    db.session.commit()
    work(summary_id)
    assert summary.find(tools, alice.id, summary_id).error == "The model 'gone' is not set up any more."


def test_a_length_that_the_model_ignores_is_kept_all_the_same(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.says = "One two three. Four five six. Seven."
    assert made(tools, alice, finished(alice), Order(max_words=4)).text == "One two three."


def test_what_was_never_said_is_not_cited(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.lies = (Citation(0, 2, "Buy now!", (0,)), Citation(0, 2, "Good morning", (99,)))
    assert [one["text"] for one in made(tools, alice, finished(alice)).citations] == ["Good morning, everybody."]


def test_its_end_is_told_to_those_who_want_to_know(tools: Toolbox, alice: User) -> None:
    alice.webhook_url = "https://alice.example/hook"
    row = finished(alice)
    found = made(tools, alice, row, Order(webhook_url="https://other.example/hook"))
    told = db.session.scalars(select(Delivery).order_by(Delivery.url)).all()
    assert [one.url for one in told] == ["https://alice.example/hook", "https://other.example/hook"]
    assert told[0].event == "summary.completed"
    assert told[0].payload["data"] == {
        "id": found.id,
        "status": "completed",
        "transcription_id": row.id,
        "model": "fake-text",
        "format": "paragraph",
        "url": None,
    }


def test_a_summary_that_came_to_nothing_is_no_news(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    alice.webhook_url = "https://alice.example/hook"
    model.error = TextModelError("No.")
    made(tools, alice, finished(alice))
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_a_newer_one_that_is_under_way_outlives_the_end_of_an_older_one(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row = finished(alice)
    first = summary.begin(tools, alice.id, row.id, Order())
    clock.advance(1)
    second = summary.begin(tools, alice.id, row.id, Order(max_words=9))
    work(second)
    assert summary.find(tools, alice.id, first).state == JobState.QUEUED
    work(first)
    latest = summary.latest(tools, alice.id, row.id)
    assert latest
    assert latest.id == second


def test_the_built_in_model_sums_up_without_a_key_or_a_charge(tools: Toolbox, alice: User) -> None:
    row = finished(
        alice,
        "The harbour of the town needs a new crane because the old crane has failed twice this year.",
        "The council has agreed to buy the new crane for the harbour in spring.",
        "Well, thank you all, good night.",
    )
    found = made(tools, alice, row, Order(model_name="textor-extractive", max_words=30))
    assert "crane" in found.text
    assert (found.model, found.cost_usd, found.prompt_tokens, charges()) == ("textor-extractive", 0.0, 0, [])
    assert found.citations[0]["text"] in found.text
    assert found.topics
