"""Image-prompt tasks in their owner's hands: made, found, written again, stopped, deleted; and nobody else's."""

from typing import Any

import pytest

from tests import factories
from tests.fakes import FakeTextModel
from tests.features.insights.analyzer_stage import a_task, a_waiting_one, count, end, job, model, said, the, tools, work
from textor import jobs
from textor.domain.job_states import Status
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import analyzer, analyzing
from textor.features.insights.analyzer import NewTask, Wish
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["model", "tools"]


def test_prompts_are_written_again_and_the_old_ones_stay_until_then(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    me, task_id = alice.id, a_task(tools, alice)
    work(task_id)
    model.says = "another picture"
    analyzer.write_again(tools, me, task_id, Wish(look="noir", max_scenes=1))
    assert (the(task_id).status, len(said(task_id))) == ("pending", 2)
    work(task_id)
    assert (said(task_id), the(task_id).look) == (["another picture"], "noir")
    with pytest.raises(WrongState):
        analyzer.stop(tools, me, task_id)


def test_prompts_that_are_being_written_are_not_begun_again(tools: Toolbox, alice: User) -> None:
    task_id = a_task(tools, alice)
    with pytest.raises(WrongState, match="being written"):
        analyzer.write_again(tools, alice.id, task_id, analyzer.wish_of(the(task_id)))
    assert count(Job) == 1


def test_a_failed_recording_that_is_tried_again_is_waited_for_again(tools: Toolbox, alice: User) -> None:
    task_id, row = a_waiting_one(tools, alice)
    end(row, Status.FAILED)
    analyzing.advance(tools)
    with pytest.raises(WrongState, match="transcribe the recording again"):
        analyzer.write_again(tools, alice.id, task_id, Wish())
    end(row, Status.PENDING)
    analyzer.write_again(tools, alice.id, task_id, Wish())
    assert (the(task_id).status, the(task_id).job_id) == ("pending", None)


def test_a_stopped_task_ends_and_its_worker_writes_nothing(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    task_id = a_task(tools, alice)
    model.before_call = lambda _verb, _passages: analyzer.stop(tools, alice.id, task_id)
    done = work(task_id)
    assert (done.status, done.error, said(task_id)) == ("failed", analyzer.STOPPED, [])
    assert job(task_id).state == JobState.CANCELLED


def test_a_task_that_waits_for_its_recording_can_be_stopped(tools: Toolbox, alice: User) -> None:
    task_id, row = a_waiting_one(tools, alice)
    analyzer.stop(tools, alice.id, task_id)
    end(row, Status.COMPLETED, text="A ship.")
    assert analyzing.advance(tools) == 0
    assert (the(task_id).status, row.status) == ("failed", Status.COMPLETED)


def test_a_task_that_goes_while_a_model_thinks_takes_its_job_along(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    task_id = a_task(tools, alice)
    job_id = job(task_id).id
    model.before_call = lambda _verb, _passages: analyzer.delete(tools, alice.id, [task_id])
    jobs.run("prompts", job_id, job(task_id).run_token)
    assert (count(AnalyzerTask), count(AnalyzerPrompt)) == (0, 0)
    assert db.session.get_one(Job, job_id).state == JobState.CANCELLED


def test_a_job_without_its_task_just_ends(tools: Toolbox, alice: User, model: FakeTextModel) -> None:
    task_id = a_task(tools, alice)
    job_id = job(task_id).id
    db.session.delete(the(task_id))
    db.session.commit()
    jobs.run("prompts", job_id, 1)
    assert (db.session.get_one(Job, job_id).state, model.calls) == (JobState.COMPLETED, [])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " \u202e "}, "name"),
        ({"text": " \n"}, "task_text"),
        ({"generator": "crayons"}, "generator"),
        ({"max_scenes": 0}, "max_scenes"),
        ({"max_scenes": 101}, "max_scenes"),
        ({"model_name": "nobody"}, "model_name"),
        ({"look": "x" * 20_001}, "look"),
        ({"instruction": "x" * 20_001}, "helper_instruction"),
        ({"language": "klingon"}, "audio_file_language"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(tools: Toolbox, alice: User, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        analyzer.create(tools, alice.id, NewTask(**({"name": "The sea", "text": "A ship."} | values)))
    assert refused.value.field == field
    db.session.rollback()
    assert count(AnalyzerTask) == 0


def test_a_transcript_without_a_text_is_refused(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.FAILED)
    with pytest.raises(WrongState):
        analyzer.create_from_transcript(tools, alice.id, row.id, NewTask(name="The sea"))


def test_bob_finds_none_of_alices_tasks(tools: Toolbox, alice: User, bob: User) -> None:
    task_id = a_task(tools, alice)
    row = factories.transcription(alice, status=Status.COMPLETED, text="A ship.")
    for attempt in (
        lambda: analyzer.find(bob.id, task_id),
        lambda: analyzer.rename(tools, bob.id, task_id, "Bob was here"),
        lambda: analyzer.write_again(tools, bob.id, task_id, Wish()),
        lambda: analyzer.stop(tools, bob.id, task_id),
        lambda: analyzer.delete(tools, bob.id, [task_id]),
        lambda: analyzer.create_from_transcript(tools, bob.id, row.id, NewTask(name="The sea")),
    ):
        with pytest.raises(NotFound):
            attempt()
        db.session.rollback()
    assert (the(task_id).name, the(task_id).status) == ("The sea", "pending")
    assert analyzer.page(bob.id).items == []


def test_pages_have_five_tasks_the_newest_first(tools: Toolbox, alice: User) -> None:
    ids = [a_task(tools, alice) for _ in range(6)]
    first, second = analyzer.page(alice.id), analyzer.page(alice.id, 2)
    assert [one.id for one in first.items] == ids[:0:-1]
    assert ([one.id for one in second.items], second.count, second.pages) == ([ids[0]], 6, 2)
    with pytest.raises(NotFound):
        analyzer.page(alice.id, 3)
