"""The scenes of a task edited in the browser: saved, moved, added, several together; nothing that was typed is lost."""

from tests import factories
from tests.fakes import FakeTextModel
from tests.web.conftest import HTMX, Browser
from tests.web.prompts_stage import HOSTILE, a_task, fields, model, rows, said, task, the, tools, work
from textor.extensions import db
from textor.models import AnalyzerPrompt, AnalyzerTask, User
from textor.toolbox import Toolbox

__all__ = ["model", "task", "tools"]


def test_fields_that_were_changed_are_saved_and_no_others(alices: Browser, task: int) -> None:
    page = alices.get(f"/prompts/{task}").text
    one, two, three = rows(task)
    old = fields(page)
    changed = old | {f"text-{one.id}": "a ship --ar 1:1\r\n--chaos 5"}
    answer = alices.send(f"/prompts/{task}/scenes", changed, headers=HTMX)
    assert (answer.status_code, f'hx-target="#chips{one.id}"' in answer.text, f"chips{two.id}" in answer.text) == (
        200,
        True,
        False,
    )
    assert '<code class="tag">--ar 1:1</code><code class="tag">--chaos 5</code>' in answer.text
    now = fields(alices.get(f"/prompts/{task}").text)
    assert f'name="was-{one.id}" value="{now[f"was-{one.id}"]}"' in answer.text
    stale = old | {f"text-{two.id}": "another window"}
    answer = alices.send(f"/prompts/{task}/scenes", stale)
    assert (answer.status_code, answer.location) == (303, f"/prompts/{task}")
    assert said(task) == ["a ship --ar 1:1\n--chaos 5", "another window", three.content]
    assert alices.send(f"/prompts/{task}/scenes", old | {f"text-{one.id}": " "}).status_code == 400


def test_what_was_typed_is_kept_whatever_is_done_next(alices: Browser, task: int) -> None:
    one, two, three = rows(task)
    typed = fields(alices.get(f"/prompts/{task}").text) | {f"text-{one.id}": "typed", f"text-{two.id}": " "}
    assert alices.send(f"/prompts/{task}/scenes/{two.id}/delete", typed, headers=HTMX).status_code == 200
    assert said(task) == ["typed", three.content]


def test_scenes_are_moved_by_buttons_and_by_hand(alices: Browser, task: int) -> None:
    one, two, three = [row.id for row in rows(task)]
    for moved, action, order in (
        (three, "up", [one, three, two]),
        (one, "down", [three, one, two]),
        (three, "up", [three, one, two]),
    ):
        answer = alices.send(f"/prompts/{task}/scenes/{moved}/{action}", headers=HTMX)
        assert (answer.status_code, [row.id for row in rows(task)]) == (200, order)
        assert ('id="task"' in answer.text, ">It is scene" in answer.text, "&lt;div" in answer.text) == (True, True, False)
    sent = fields(alices.get(f"/prompts/{task}").text)
    dragged = {f"text-{n}": sent[f"text-{n}"] for n in (two, three, one)} | sent
    answer = alices.send(f"/prompts/{task}/scenes/order", dragged)
    assert (answer.status_code, [row.id for row in rows(task)]) == (303, [two, three, one])


def test_a_scene_of_ones_own_is_added(alices: Browser, task: int) -> None:
    answer = alices.send(f"/prompts/{task}/scenes/add", {"new": HOSTILE}, headers=HTMX)
    assert (answer.status_code, said(task)[-1]) == (200, HOSTILE)
    assert alices.send(f"/prompts/{task}/scenes/add", {"new": ""}).status_code == 400


def test_several_scenes_are_changed_merged_and_deleted_together(alices: Browser, task: int) -> None:
    one, two, three = [row.id for row in rows(task)]
    bulk = f"/prompts/{task}/scenes/bulk"
    change = {"ids": [one, three], "old": "a ship", "with": "oars", "ending": "--ar 16:9"}
    answer = alices.send(f"{bulk}/replace", change, headers=HTMX)
    assert ("2 scenes are changed." in answer.text, 'id="task"' in answer.text) == (True, True)
    assert said(task) == ["oars at dawn --ar 16:9", "a <b>storm</b> at sea", "oars, home --ar 16:9"]
    assert "Nothing has changed" in alices.send(f"{bulk}/replace", {"ids": [one], "old": "nowhere"}, headers=HTMX).text
    assert alices.send(f"{bulk}/replace", {"ids": [one]}).status_code == 400
    assert alices.send(f"{bulk}/merge", {"ids": [one]}).status_code == 400
    assert alices.send(f"{bulk}/merge", {"ids": [one, three]}).status_code == 303
    assert said(task)[0] == "oars at dawn, oars, home --ar 16:9"
    assert alices.send(f"{bulk}/delete", {"ids": [one, two]}).status_code == 303
    assert said(task) == []
    assert "There are no prompts here." in alices.get(f"/prompts/{task}").text
    for action in ("replace", "merge", "delete"):
        assert alices.send(f"{bulk}/{action}", {"ids": ["", "x", "-1"]}).status_code == 400


def test_what_a_model_or_a_person_wrote_is_text_on_every_page(
    alices: Browser, tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    model.says = HOSTILE
    task_id = a_task(tools, HOSTILE, text=HOSTILE, look=HOSTILE, instruction=HOSTILE)
    shown = []
    for path in ("/prompts", f"/prompts/{task_id}"):
        shown += [alices.get(path).text, alices.get(path, headers=HTMX).text]
    work(task_id)
    sent = fields(alices.get(f"/prompts/{task_id}").text)
    (name, _), *_ = [pair for pair in sent.items() if pair[0].startswith("text-")]
    shown += [alices.get(f"/prompts/{task_id}").text]
    shown += [alices.send(f"/prompts/{task_id}/scenes", sent | {name: f"{HOSTILE} --x <script>"}, headers=HTMX).text]
    assert [page for page in shown if "<script>" in page] == []
    assert "&lt;script&gt;" in shown[-1]


def test_many_scenes_and_many_tasks_are_shown_a_page_at_a_time(alices: Browser, task: int, tools: Toolbox, alice: User) -> None:
    tasks = {"user_id": the(task).user_id, "status": "completed", "generator": "flux", "max_scenes": 1}
    for place in range(3, 55):
        db.session.add(AnalyzerPrompt(task_id=task, place=place, content=f"number {place}"))
    db.session.add_all(AnalyzerTask(name="x", created_at=factories.NOW, updated_at=factories.NOW, **tasks) for _n in range(12))
    db.session.commit()
    page = alices.get(f"/prompts/{task}?page=2").text
    assert ('name="text-' in page, page.count('name="text-'), "51–55 of 55" in page) == (True, 5, True)
    sent = fields(page)
    last = rows(task)[-1].id
    dragged = {f"text-{last}": "number 54", **sent, "page": "2"}
    answer = alices.send(f"/prompts/{task}/scenes/order", dragged)
    assert answer.location == f"/prompts/{task}?page=2"
    assert said(task)[49:52] == ["number 49", "number 54", "number 50"]
    assert alices.get(f"/prompts/{task}?page=99").text.count('name="text-') == 5
    assert ("13–13 of 13" in alices.get("/prompts?page=2").text, alices.get("/prompts?page=3").status_code) == (True, 404)
