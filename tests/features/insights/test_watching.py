"""How far image-prompt tasks are told to be, from the recording that is being heard to the last part that is read."""

from sqlalchemy import select, update

from tests.counting import counted
from tests.features.insights.analyzer_stage import a_task, a_waiting_one, job, model, the, tools, work
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.insights import analyzer, watching
from textor.features.insights.watching import Standing
from textor.features.recordings import library
from textor.models import AnalyzerTask, Job, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["model", "tools"]


def standing(task_id: int) -> Standing:
    return watching.standings([the(task_id)])[task_id]


def test_a_task_waits_is_heard_is_written_and_done(tools: Toolbox, alice: User) -> None:
    waiting, _row = a_waiting_one(tools, alice)
    assert standing(waiting) == Standing("waiting")
    heard, _row = a_waiting_one(tools, alice, status=Status.PROCESSING, active_for=alice.id, progress=41.9)
    assert standing(heard) == Standing("transcribing", 41)
    written = a_task(tools, alice)
    assert (standing(written), standing(written).is_open) == (Standing("waiting"), True)
    changed = {"state": JobState.RUNNING, "progress": 50.0, "message": "1 of 2 parts are read"}
    db.session.execute(update(Job).where(Job.id == job(written).id).values(changed))
    db.session.commit()
    assert standing(written) == Standing("writing", 50, "1 of 2 parts are read")
    done = a_task(tools, alice)
    work(done)
    assert (standing(done), standing(done).is_open) == (Standing("done", prompts=2), False)


def test_what_was_stopped_is_no_failure(tools: Toolbox, alice: User) -> None:
    me, task_id = alice.id, a_task(tools, alice)
    analyzer.stop(tools, me, task_id)
    assert standing(task_id) == Standing("stopped")
    failed, row = a_waiting_one(tools, alice)
    analyzer.stop(tools, me, failed)
    the(failed).error = "The model is tired."
    db.session.commit()
    assert standing(failed) == Standing("failed", error="The model is tired.")
    assert (watching.source(the(failed)), watching.source(the(task_id))) == (row, None)
    library.delete(tools, me, row.id)
    assert watching.source(the(failed)) is None


def test_many_tasks_take_no_more_statements_than_one(tools: Toolbox, alice: User) -> None:
    for _n in range(5):
        a_task(tools, alice)
    tasks = db.session.scalars(select(AnalyzerTask)).all()
    with counted() as seen:
        assert len(watching.standings(tasks)) == 5
    assert len(seen) == 2
