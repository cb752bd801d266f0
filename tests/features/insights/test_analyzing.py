"""What workers and the clock do for image-prompt tasks: prompts come, and each task ends in a state."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeTextModel
from tests.features.insights.analyzer_stage import a_task, a_waiting_one, count, end, job, model, said, the, tools, work
from textor import jobs
from textor.adapters.text_models.port import DEFAULT_INSTRUCTION, Passage, Prices
from textor.domain.job_states import Status
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import analyzer, analyzing, prompts
from textor.features.insights.analyzer import NewTask
from textor.features.recordings import library, removing
from textor.job_queue import background, lanes
from textor.models import AnalyzerTask, Delivery, TextCharge, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["model", "tools"]


def test_a_text_becomes_prompts(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    task_id = a_task(tools, alice, look="oil painting", generator="flux", max_scenes=3)
    assert (the(task_id).status, the(task_id).helper_instruction) == ("pending", DEFAULT_INSTRUCTION)
    done = work(task_id)
    assert (done.status, done.error, done.model) == ("completed", None, "fake-text")
    assert said(task_id) == ["a picture of A ship."] * 2
    ((verb, passages, brief),) = model.calls
    assert (verb, [one.text for one in passages]) == ("imagine", ["A ship.", "A storm."])
    assert (brief.look, brief.generator, brief.max_scenes, brief.instruction) == ("oil painting", "flux", 3, None)
    assert [(one.start, one.end, one.quote) for one in prompts.listed(done)] == [
        (None, None, "A ship."),
        (None, None, "A storm."),
    ]
    assert job(task_id).state == JobState.COMPLETED


def test_what_was_paid_is_noted_with_the_task(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.prices = Prices(prompt=1.0, completion=10.0)
    done = work(a_task(tools, alice))
    assert (done.prompt_tokens, done.completion_tokens) == (100, 10)
    (charge,) = db.session.scalars(select(TextCharge)).all()
    assert charge.purpose == "prompts"
    assert done.cost_usd == charge.usd == pytest.approx(0.0002)


def test_a_task_over_the_months_budget_fails_before_the_call(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.prices, alice.monthly_budget = Prices(1000.0, 1000.0), 0.01
    db.session.commit()
    done = work(a_task(tools, alice))
    assert (done.status, model.calls) == ("failed", [])
    assert "for this month" in (done.error or "")


def test_a_transcripts_prompts_carry_the_times_of_what_they_picture(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.COMPLETED, text="A ship.\nA storm.", language="en")
    factories.spoken(row, "A ship.", "A storm.")
    task_id = analyzer.create_from_transcript(tools, alice.id, row.id, NewTask(name="The sea")).id
    me, row_id, done = alice.id, row.id, work(task_id)
    assert [(one.start, one.end, one.quote) for one in prompts.listed(done)] == [(0, 2, "A ship."), (2, 4, "A storm.")]
    assert (done.task_text, done.audio_file_language) == ("A ship.\nA storm.", "en")
    assert [one.id for one in analyzer.tasks_of(me, row_id)] == [task_id]


def test_a_text_that_was_changed_is_what_is_pictured_at_the_same_times(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    row = factories.transcription(alice, status=Status.COMPLETED, text="A ship.\nA storm.")
    factories.spoken(row, "A ship.", "A storm.")
    task_id = analyzer.create_from_transcript(tools, alice.id, row.id, NewTask(name="The sea")).id
    analyzer.change(tools, alice.id, task_id, task_text="A ship.\nA calm.")
    work(task_id)
    assert [(one.start, one.text) for one in model.calls[0][1]] == [(0, "A ship."), (2, "A calm.")]


def test_a_new_recordings_task_waits_for_its_text(tools: Toolbox, alice: User) -> None:
    task_id, row = a_waiting_one(tools, alice)
    assert analyzing.advance(tools) == 0
    assert the(task_id).status == "pending"
    end(row, Status.PROCESSING, active_for=alice.id)
    assert analyzing.advance(tools) == 0
    assert the(task_id).status == "processing"
    factories.spoken(row, "A ship.")
    end(row, Status.COMPLETED, text="A ship.")
    assert (analyzing.advance(tools), analyzing.advance(tools)) == (1, 0)
    done = work(task_id)
    assert (done.status, done.task_text, said(task_id)) == ("completed", "A ship.", ["a picture of A ship."])


@pytest.mark.both_databases
def test_from_a_sound_to_its_prompts(tools: Toolbox, alice: User) -> None:
    """The one queue of recordings, the clock, a worker for texts."""
    me, recording = alice.id, factories.stored_recording(tools, alice, FIXTURES / "dialogue_stereo.flac")
    row = factories.transcription(alice, recording, engine="fake")
    task_id = analyzer.create_from_sound(tools, me, NewTask(name="The sea", model_name="textor-extractive"), row).id
    lanes.dispatch(tools, me)
    db.session.refresh(row)
    jobs.run("transcribe", row.id, row.run_token)
    assert analyzing.advance(tools) == 1
    done = work(task_id)
    assert (done.status, done.task_text) == ("completed", "hello there\ngeneral")
    assert [(one.start, one.end) for one in prompts.listed(done)] == [(0.0, 2.0)]


def test_a_transcript_that_is_not_finished_is_waited_for_as_well(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice)
    task = analyzer.create_from_transcript(tools, alice.id, row.id, NewTask(name="The sea"))
    assert (task.status, task.job_id) == ("pending", None)


@pytest.mark.parametrize(
    ("status", "values", "reason"),
    [
        (Status.FAILED, {"error": "The file is broken."}, "The file is broken."),
        (Status.FAILED, {}, "Its transcription failed."),
        (Status.CANCELLED, {"error": "Cancelled by user"}, analyzing.CANCELLED),
        (Status.COMPLETED, {"text": " "}, analyzer.NOTHING_SAID),
    ],
)
def test_a_task_ends_with_its_transcription(
    tools: Toolbox, alice: User, status: Status, values: dict[str, str], reason: str
) -> None:
    task_id, row = a_waiting_one(tools, alice)
    end(row, status, **values)
    assert analyzing.advance(tools) == 1
    assert (the(task_id).status, the(task_id).error) == ("failed", reason)


def test_a_task_whose_recording_is_deleted_does_not_wait_for_ever(tools: Toolbox, alice: User) -> None:
    task_id, row = a_waiting_one(tools, alice)
    library.delete(tools, alice.id, row.id)
    analyzing.advance(tools)
    assert (the(task_id).status, the(task_id).error) == ("failed", analyzing.GONE)


def test_what_was_made_of_a_recording_goes_with_it_for_good(tools: Toolbox, alice: User) -> None:
    _, row = a_waiting_one(tools, alice)
    other = a_task(tools, alice)
    removing.remove(tools, alice.id, row.id)
    assert list(db.session.scalars(select(AnalyzerTask.id))) == [other]
    assert analyzing.advance(tools) == 0


def test_a_recording_that_goes_while_a_model_thinks_takes_the_task_along_and_the_call_is_paid(
    tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    row = factories.transcription(alice, status=Status.COMPLETED, text="A ship.")
    factories.spoken(row, "A ship.")
    model.prices = Prices(1.0, 1.0)
    model.before_call = lambda _verb, _passages: removing.remove(tools, alice.id, row.id)
    task_id = analyzer.create_from_transcript(tools, alice.id, row.id, NewTask(name="The sea")).id
    job_id = the(task_id).job_id
    jobs.run("prompts", job_id, 1)
    assert (count(AnalyzerTask), count(TextCharge)) == (0, 1)


def test_a_model_that_fails_for_good_ends_the_task_with_its_reason(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.error = TextModelError("The answer was no list of scenes.")
    done = work(a_task(tools, alice))
    assert (done.status, done.error, job(done.id).state) == ("failed", "The answer was no list of scenes.", JobState.FAILED)
    assert count(Delivery) == 0


def test_a_model_that_pictures_nothing_has_failed(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.cites = lambda _passages: []
    assert work(a_task(tools, alice)).error == "The model has pictured nothing."


def test_a_model_that_is_busy_is_asked_again_later(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.error = TextModelError("Too many requests.", retryable=True)
    task_id = a_task(tools, alice)
    assert (work(task_id).status, job(task_id).state) == ("processing", JobState.QUEUED)
    model.error = None
    assert work(task_id).status == "completed"


def test_a_model_that_stays_busy_is_given_up(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.error = TextModelError("Too many requests.", retryable=True)
    task_id = a_task(tools, alice)
    for _ in range(background.MAX_ATTEMPTS):
        work(task_id)
    assert (the(task_id).status, the(task_id).error) == ("failed", "Too many requests.")


def test_a_model_that_is_gone_is_told(tools: Toolbox, alice: User) -> None:
    task_id = a_task(tools, alice)
    db.session.execute(update(AnalyzerTask).values(model="yesterdays"))
    db.session.commit()
    assert "not set up any more" in (work(task_id).error or "")


def test_a_worker_that_breaks_ends_the_task(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.error = ValueError("a bug")
    done = work(a_task(tools, alice))
    assert (done.status, done.error) == ("failed", background.SORRY)


def test_a_task_whose_workers_are_lost_ends(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    task_id = a_task(tools, alice)
    for _ in range(background.MAX_ATTEMPTS):
        assert background.claim(tools, job(task_id).id, job(task_id).run_token)
        clock.advance(tools.settings.lease_seconds + 1)
        jobs.heal_background(tools)
    assert (the(task_id).status, the(task_id).error) == ("failed", background.LOST)


def test_a_job_that_ended_without_a_word_ends_its_task(tools: Toolbox, alice: User) -> None:
    task_id = a_task(tools, alice)
    background.cancel(tools, alice.id, job(task_id).id)
    db.session.commit()
    analyzing.advance(tools)
    assert (the(task_id).status, the(task_id).error) == ("failed", analyzing.INTERRUPTED)


def test_a_long_text_is_read_in_parts_and_none_is_paid_twice(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    text = "\n".join(f"Scene {n}. " + "word " * 100 for n in range(40))
    model.window_tokens, model.cites = 8000, lambda passages: [(passages[0].id,)]
    task_id = a_task(tools, alice, text=text, max_scenes=6)
    seen = len(model.calls)

    def fail_once(_verb: str, _passages: Sequence[Passage]) -> None:
        if len(model.calls) == seen + 2:
            raise TextModelError("Away.", retryable=True)

    model.before_call = fail_once
    work(task_id)
    assert job(task_id).progress > 0
    done = work(task_id)
    read = [one.text for _, passages, _ in [model.calls[0], *model.calls[2:]] for one in passages]
    assert read == [line.strip() for line in text.splitlines()], "all of it, each part once"
    assert sum(brief.max_scenes for _, _, brief in [model.calls[0], *model.calls[2:]]) == 6
    assert (done.status, done.prompt_tokens) == ("completed", 100 * (len(model.calls) - 1))
    assert len(said(task_id)) == len(model.calls) - 1


def test_what_an_earlier_run_kept_of_another_text_is_not_this_ones(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    model.window_tokens, model.cites = 6000, lambda passages: [(passages[0].id,)]
    me, task_id = alice.id, a_task(tools, alice, text="\n".join("word " * 100 for _ in range(40)))

    def fail_at_the_second(_verb: str, _passages: Sequence[Passage]) -> None:
        if len(model.calls) == 2:
            raise TextModelError("Away.", retryable=True)

    model.before_call = fail_at_the_second
    assert work(task_id).status == "processing"
    analyzer.change(tools, me, task_id, task_text="Something else.")
    work(task_id)
    assert said(task_id) == ["a picture of Something else."]


def test_the_account_is_told_of_the_end(tools: Toolbox, alice: User) -> None:
    alice.webhook_url = "https://alice.example/hook"
    db.session.commit()
    task_id = a_task(tools, alice)
    work(task_id)
    (told,) = db.session.scalars(select(Delivery)).all()
    assert told.event == "analyzer_task.completed"
    assert told.payload["data"] == {"id": task_id, "name": "The sea", "status": "completed", "prompts": 2, "url": None}


def test_without_any_key_the_built_in_model_makes_prompts(tools: Toolbox, alice: User) -> None:
    done = work(a_task(tools, alice, text="A ship sails into a storm at dusk.", model_name="textor-extractive"))
    assert (done.status, done.cost_usd) == ("completed", 0.0)
    assert len(said(done.id)) == 1
