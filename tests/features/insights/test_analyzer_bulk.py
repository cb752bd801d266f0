"""Thousands of image-prompt tasks in one call: all or none, by as many statements as one, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, insert, select

from tests import at_once, factories
from tests.counting import counted
from textor import jobs
from textor.errors import InvalidInput, NotFound, TextorError, WrongState
from textor.extensions import db
from textor.features.insights import analyzer, bulk, viewing
from textor.features.insights.analyzer import NewTask
from textor.features.insights.bulk import Change, WantedPrompt
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

MANY = 10_000


def tasks(owner: User, count: int, prompts: int = 1, status: str = "completed") -> list[int]:
    """Of that many tasks, with that many prompts each."""
    about = {"user_id": owner.id, "status": status, "generator": "flux", "max_scenes": 3}
    about |= {"created_at": factories.NOW, "updated_at": factories.NOW, "name": "The sea"}
    db.session.execute(insert(AnalyzerTask), [about | {"task_text": f"text {n}"} for n in range(count)])
    ids = list(db.session.scalars(select(AnalyzerTask.id).order_by(AnalyzerTask.id.desc()).limit(count)))[::-1]
    rows = [{"task_id": task_id, "place": n, "content": f"prompt {n}"} for task_id in ids for n in range(prompts)]
    db.session.execute(insert(AnalyzerPrompt), rows)
    db.session.commit()
    return ids


def said(task_ids: list[int]) -> list[tuple[str, str | None, list[str]]]:
    db.session.rollback()
    owner = db.session.scalar(select(AnalyzerTask.user_id).where(AnalyzerTask.id == task_ids[0])) or 0
    found = viewing.views(owner, task_ids)
    return [(one.name, one.text, [prompt.content for prompt in one.prompts]) for one in found]


def count(kind: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def all_kinds(ids: list[int]) -> list[Change]:
    """Everything that a change may tell, of each: one prompt written anew, one gone, one new."""
    first = dict(
        db.session.execute(select(AnalyzerPrompt.task_id, func.min(AnalyzerPrompt.id)).group_by(AnalyzerPrompt.task_id)).all()
    )
    db.session.commit()
    values = {"name": "The lake", "task_text": "calm", "helper_instruction": "blue"}
    return [Change(one, values, [WantedPrompt("new"), WantedPrompt("old", first[one])]) for one in ids]


@pytest.mark.both_databases
def test_the_number_of_statements_does_not_grow_with_the_tasks(tools: Toolbox, alice: User) -> None:
    seen: list[tuple[int, int, int]] = []
    for size in (1, 10, 1000):
        ids, me = tasks(alice, size, prompts=2), alice.id
        changes = all_kinds(ids)
        with counted() as changing:
            bulk.change(tools, me, changes)
        with counted() as showing:
            assert said(ids) == [("The lake", "calm", ["new", "old"])] * size
        with counted() as deleting:
            bulk.remove(tools, me, ids)
        seen.append((len(changing), len(showing), len(deleting)))
    assert seen[0] == seen[1] == seen[2], seen
    assert max(seen[0]) <= 10


@pytest.mark.both_databases
def test_ten_thousand_are_changed_and_deleted_in_one_call(tools: Toolbox, alice: User) -> None:
    ids, me = tasks(alice, MANY), alice.id
    bulk.change(tools, me, [Change(one, {"name": f"Number {one}"}, [WantedPrompt("new")]) for one in ids])
    assert said(ids[-1:]) == [(f"Number {ids[-1]}", f"text {MANY - 1}", ["new"])]
    assert count(AnalyzerPrompt) == MANY
    bulk.remove(tools, me, ids)
    assert (count(AnalyzerTask), count(AnalyzerPrompt)) == (0, 0)


@pytest.mark.both_databases
def test_what_is_not_told_stays(tools: Toolbox, alice: User) -> None:
    first, second = tasks(alice, 2, prompts=2)
    bulk.change(tools, alice.id, [Change(second, {"name": "The lake"}), Change(first, prompts=[])])
    assert said([first, second]) == [("The sea", "text 0", []), ("The lake", "text 1", ["prompt 0", "prompt 1"])]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(his[0], {"name": "x"})], NotFound),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(10**9)], NotFound),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(2**63)], NotFound),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(-1)], NotFound),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(own[0], {"name": "y"})], InvalidInput),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(own[1], {"name": " "})], InvalidInput),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(own[1], prompts=[WantedPrompt(" ")])], InvalidInput),
        (lambda own, his: [Change(own[0], {"name": "x"}), Change(own[1], prompts=[WantedPrompt("x", 10**9)])], NotFound),
        (lambda own, his: [Change(n, {}) for n in range(1, 10_002)], InvalidInput),
    ],
)
def test_all_or_none_are_changed(tools: Toolbox, alice: User, bob: User, wrong: Any, error: type[TextorError]) -> None:
    own, his = tasks(alice, 2), tasks(bob, 1)
    before = said([*own]) + said([*his])
    with pytest.raises(error):
        bulk.change(tools, alice.id, wrong(own, his))
    assert said([*own]) + said([*his]) == before


def test_a_prompt_belongs_to_its_task(tools: Toolbox, alice: User) -> None:
    first, second = tasks(alice, 2)
    prompt_id = db.session.scalars(select(AnalyzerPrompt.id).where(AnalyzerPrompt.task_id == first)).one()
    with pytest.raises(NotFound):
        bulk.change(tools, alice.id, [Change(second, prompts=[WantedPrompt("taken", prompt_id)])])
    with pytest.raises(NotFound):
        bulk.change(tools, alice.id, [Change(second, prompts=[WantedPrompt("taken", prompt_id)]), Change(first, prompts=[])])
    same = [WantedPrompt("a", prompt_id), WantedPrompt("b", prompt_id)]
    with pytest.raises(InvalidInput):
        bulk.change(tools, alice.id, [Change(first, prompts=same)])
    assert said([first, second]) == [("The sea", f"text {n}", ["prompt 0"]) for n in range(2)]


def test_prompts_that_are_being_written_are_left_alone(tools: Toolbox, alice: User) -> None:
    (busy,), (done,) = tasks(alice, 1, status="processing"), tasks(alice, 1)
    with pytest.raises(WrongState):
        bulk.change(tools, alice.id, [Change(done, {"name": "x"}), Change(busy, prompts=[])])
    assert said([done])[0][0] == "The sea"
    bulk.change(tools, alice.id, [Change(busy, {"name": "x"})])
    assert said([busy])[0][0] == "x"


@pytest.mark.parametrize("wrong", [[10**9], [2**63], [0]])
def test_all_or_none_are_deleted(tools: Toolbox, alice: User, wrong: list[int]) -> None:
    ids = tasks(alice, 2)
    with pytest.raises(NotFound):
        bulk.remove(tools, alice.id, [*ids, *wrong])
    assert (count(AnalyzerTask), count(AnalyzerPrompt)) == (2, 2)


def test_nobody_deletes_what_is_somebody_elses(tools: Toolbox, alice: User, bob: User) -> None:
    own, his = tasks(alice, 1), analyzer.create(tools, bob.id, NewTask(name="The sea", text="A ship."))
    with pytest.raises(NotFound):
        bulk.remove(tools, alice.id, [*own, his.id])
    db.session.rollback()
    assert (count(AnalyzerTask), db.session.get_one(Job, his.job_id).state) == (2, JobState.QUEUED)


@pytest.mark.both_databases
def test_deleting_ends_the_jobs_that_are_under_way(tools: Toolbox, alice: User) -> None:
    ids = [analyzer.create(tools, alice.id, NewTask(name="The sea", text="A ship.")).id for _ in range(3)]
    bulk.remove(tools, alice.id, ids[:2])
    assert sorted(db.session.scalars(select(Job.state))) == ["cancelled", "cancelled", "queued"]


def test_nothing_at_all_is_nothing_to_do(tools: Toolbox, alice: User) -> None:
    bulk.change(tools, alice.id, [])
    bulk.remove(tools, alice.id, [])
    assert viewing.views(alice.id, []) == []


@pytest.mark.both_databases
def test_changes_deletions_and_a_worker_at_once_end_one_after_the_other(app: APIFlask, tools: Toolbox, alice: User) -> None:
    """All hold what they change in the same order, so none waits for one that waits for it."""
    ids, me = tasks(alice, 200), alice.id
    busy = analyzer.create(tools, me, NewTask(name="The sea", text="A ship.", model_name="textor-extractive"))
    busy_id, job_id = busy.id, busy.job_id
    db.session.commit()
    turns: list[Callable[[], None]] = [
        lambda: bulk.change(tools, me, [Change(one, {"name": "x"}, []) for one in ids] + [Change(busy_id, {"name": "x"})]),
        lambda: bulk.change(tools, me, [Change(one, {"name": "y"}) for one in (busy_id, *ids[::-1])]),
        lambda: bulk.remove(tools, me, [*ids, busy_id]),
        lambda: jobs.run("prompts", job_id, 1),
    ]

    def take_one() -> None:
        turns.pop()()

    at_once.results(app, len(turns), take_one)
    assert (count(AnalyzerTask), count(AnalyzerPrompt)) == (0, 0)
