"""Prompts in their owner's hands: changed, ordered, merged, deleted, taken away as files."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import insert, update

from tests import factories
from textor.errors import InvalidInput, NotFound, TextorError, WrongState
from textor.extensions import db
from textor.features.insights import prompts
from textor.features.insights.prompts import Rewrite
from textor.models import AnalyzerPrompt, AnalyzerTask, User
from textor.toolbox import Toolbox


@pytest.fixture
def task(alice: User) -> AnalyzerTask:
    """Four prompts of a recording."""
    about: dict[str, Any] = {
        "user_id": alice.id,
        "status": "completed",
        "generator": "flux",
        "max_scenes": 9,
        "name": "The sea: 1/2",
    }
    task = AnalyzerTask(**about, created_at=factories.NOW, updated_at=factories.NOW)
    db.session.add(task)
    db.session.flush()
    texts = ("a ship --ar 1:1", "a storm", "=cmd()|' /C calc'!A0", "a calm --ar 1:1 --v 6")
    rows = [
        {"task_id": task.id, "place": n, "content": text, "start": 2.0 * n, "end": 2.0 * n + 2, "quote": f"said {n}"}
        for n, text in enumerate(texts)
    ]
    db.session.execute(insert(AnalyzerPrompt), rows)
    db.session.commit()
    return task


def ids(task: AnalyzerTask) -> list[int]:
    return [one.id for one in prompts.listed(task)]


def said(task: AnalyzerTask) -> list[str]:
    db.session.expire_all()
    listed = prompts.listed(task)
    assert [one.place for one in listed] == list(range(len(listed)))
    return [one.content for one in listed]


def test_one_is_changed_by_its_id(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    prompts.change(tools, alice.id, task.id, {ids(task)[1]: " a gale\0 "})
    assert said(task)[:3] == ["a ship --ar 1:1", "a gale", "=cmd()|' /C calc'!A0"]


def test_one_more_stands_at_the_end_and_belongs_to_no_moment(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    added = prompts.add(tools, alice.id, task.id, "a lighthouse")
    assert said(task)[-1] == "a lighthouse"
    assert (added.start, added.quote) == (None, None)


@pytest.mark.parametrize(
    ("place", "order"), [(0, [2, 0, 1, 3]), (1, [0, 2, 1, 3]), (3, [0, 1, 3, 2]), (99, [0, 1, 3, 2]), (-5, [2, 0, 1, 3])]
)
def test_one_is_moved(tools: Toolbox, alice: User, task: AnalyzerTask, place: int, order: list[int]) -> None:
    before, texts = ids(task), said(task)
    prompts.move(tools, alice.id, task.id, before[2], place)
    assert said(task) == [texts[n] for n in order]


def test_all_are_put_in_another_order(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    before, texts = ids(task), said(task)
    prompts.reorder(tools, alice.id, task.id, [before[3], before[1]])
    assert said(task) == [texts[n] for n in (3, 1, 0, 2)]


def test_words_are_replaced_in_those_that_are_chosen(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    chosen = ids(task)[:2]
    assert prompts.replace(tools, alice.id, task.id, chosen, Rewrite("a s", "the S", "film grain --ar 16:9")) == 2
    assert said(task)[:2] == ["the Ship, film grain --ar 16:9", "the Storm, film grain --ar 16:9"]
    assert prompts.replace(tools, alice.id, task.id, chosen, Rewrite(ending="film grain --ar 16:9")) == 0


def test_several_become_one_that_pictures_all_their_time(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    before = ids(task)
    merged = prompts.merge(tools, alice.id, task.id, [before[3], before[1]])
    assert said(task) == ["a ship --ar 1:1", "a storm, a calm --ar 1:1 --v 6", "=cmd()|' /C calc'!A0"]
    assert (merged.id, merged.start, merged.end, merged.quote) == (before[1], 2.0, 8.0, "said 1 … said 3")


def test_those_that_are_chosen_are_deleted(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    before = ids(task)
    prompts.delete(tools, alice.id, task.id, [before[0], before[2]])
    assert said(task) == ["a storm", "a calm --ar 1:1 --v 6"]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda tools, me, task, one: prompts.change(tools, me, task, {one: " "}), InvalidInput),
        (lambda tools, me, task, one: prompts.change(tools, me, task, {one: "x" * 20_001}), InvalidInput),
        (lambda tools, me, task, one: prompts.change(tools, me, task, {one: "x", 10**9: "y"}), NotFound),
        (lambda tools, me, task, one: prompts.add(tools, me, task, "\0"), InvalidInput),
        (lambda tools, me, task, one: prompts.add(tools, me, 10**9, "x"), NotFound),
        (lambda tools, me, task, one: prompts.move(tools, me, task, 10**9, 0), NotFound),
        (lambda tools, me, task, one: prompts.reorder(tools, me, task, [one, one]), InvalidInput),
        (lambda tools, me, task, one: prompts.reorder(tools, me, task, [10**9]), NotFound),
        (lambda tools, me, task, one: prompts.replace(tools, me, task, [one], Rewrite("a ship --ar 1:1", "")), InvalidInput),
        (lambda tools, me, task, one: prompts.merge(tools, me, task, [one]), InvalidInput),
        (lambda tools, me, task, one: prompts.merge(tools, me, task, [one, 10**9]), NotFound),
        (lambda tools, me, task, one: prompts.delete(tools, me, task, [one, 10**9]), NotFound),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    tools: Toolbox, alice: User, task: AnalyzerTask, act: Any, error: type[TextorError]
) -> None:
    before = said(task)
    with pytest.raises(error):
        act(tools, alice.id, task.id, ids(task)[0])
    db.session.rollback()
    assert said(task) == before


def test_bob_touches_none_of_alices_prompts(tools: Toolbox, bob: User, task: AnalyzerTask) -> None:
    one, before = ids(task)[0], said(task)
    for attempt in (
        lambda: prompts.change(tools, bob.id, task.id, {one: "Bob was here"}),
        lambda: prompts.add(tools, bob.id, task.id, "Bob was here"),
        lambda: prompts.delete(tools, bob.id, task.id, [one]),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert said(task) == before


def test_prompts_that_are_being_written_wait(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    one = ids(task)[0]
    db.session.execute(update(AnalyzerTask).values(status="processing"))
    db.session.commit()
    with pytest.raises(WrongState, match="being written"):
        prompts.change(tools, alice.id, task.id, {one: "x"})


def test_a_task_has_so_many_prompts_and_no_more(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    rows = [{"task_id": task.id, "place": n, "content": "x"} for n in range(4, prompts.MOST)]
    db.session.execute(insert(AnalyzerPrompt), rows)
    db.session.commit()
    with pytest.raises(InvalidInput):
        prompts.add(tools, alice.id, task.id, "x")


def test_a_spreadsheet_has_a_row_for_each_and_no_formula(task: AnalyzerTask) -> None:
    name, kind, found = prompts.exported(task, "csv")
    rows = list(csv.reader(io.StringIO(found.decode("utf-8-sig"))))
    assert (name, kind, found[:3]) == ("The sea- 1-2.csv", "text/csv", b"\xef\xbb\xbf")
    assert rows[0] == ["n", "start", "end", "prompt", "quote"]
    assert rows[2] == ["2", "00:00:02.000", "00:00:04.000", "a storm", "said 1"]
    assert rows[3][3] == "'=cmd()|' /C calc'!A0"


def test_a_text_has_a_line_for_each(tools: Toolbox, alice: User, task: AnalyzerTask) -> None:
    prompts.change(tools, alice.id, task.id, {ids(task)[0]: "two\nlines"})
    lines = prompts.exported(task, "txt")[2].decode().splitlines()
    assert (lines[0], len(lines)) == ("two lines", 4)


def test_json_has_all_that_is_known(task: AnalyzerTask) -> None:
    found = json.loads(prompts.exported(task, "json")[2])
    assert (found["name"], len(found["prompts"])) == ("The sea: 1/2", 4)
    assert found["prompts"][1] == {"id": ids(task)[1], "prompt": "a storm", "start": 2.0, "end": 4.0, "quote": "said 1"}


def test_other_files_are_not_there(task: AnalyzerTask) -> None:
    with pytest.raises(NotFound):
        prompts.exported(task, "exe")
