"""Image prompts in the browser: a task is made of a text, a recording or a transcript, watched, stopped, taken along."""

import csv
import io
import json
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.fakes import FakeTextModel
from tests.web.conftest import HTML, HTMX, Browser
from tests.web.prompts_stage import TEXT, a_task, count, model, rows, said, task, the, tools, work
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import AnalyzerPrompt, AnalyzerTask, Transcription, User
from textor.toolbox import Toolbox

__all__ = ["model", "task", "tools"]

SOUND = sample.FILE.read_bytes()


def of_text(**values: str) -> dict[str, Any]:
    wish = {"generator": "flux", "look": "oil", "max_scenes": "2", "instruction": "", "model_name": "fake-text"}
    return {"source": "text", "text": TEXT, "name": "", **wish, **values}


def test_nobody_has_prompts_at_first(alices: Browser, gina: Browser) -> None:
    page = alices.get("/prompts", headers=HTML).text
    assert ("No image prompts yet" in page, 'href="/prompts/new"' in page) == (True, True)
    assert '<a href="/prompts" aria-current="page">' in page
    assert gina.get("/prompts", headers=HTML).location.startswith("/login")


def test_a_task_of_a_text_is_written_by_a_worker(alices: Browser) -> None:
    answer = alices.send("/prompts", of_text())
    assert answer.status_code == 303
    task_id = int(answer.location.rsplit("/", 1)[1])
    task = the(task_id)
    assert (task.name, task.generator, task.look, task.max_scenes) == ("The ship left at dawn.", "flux", "oil", 2)
    page = alices.get(answer.location).text
    assert ("Waiting for its turn" in page, 'hx-trigger="every 2s"' in page, "Stop" in page) == (True, True, True)
    assert "&lt;b&gt;at sea&lt;/b&gt;" in page
    work(task_id)
    page = alices.get(answer.location).text
    assert (page.count('name="text-'), "every 2s" in page) == (2, False)


def test_a_recording_is_taken_in_as_on_the_dashboard(alices: Browser, tools: Toolbox) -> None:
    form = of_text(source="audio", engine="fake", language="en")
    answer = alices.send("/prompts", {**form, "file": (io.BytesIO(SOUND), "my_voyage.flac")})
    assert answer.status_code == 303
    task = the(int(answer.location.rsplit("/", 1)[1]))
    assert (task.name, task.audio_file_language, count(Transcription)) == ("my voyage", "en", 1)
    row = db.session.scalars(select(Transcription)).one()
    db.session.execute(update(Transcription).values(status="processing", progress=40.0))
    db.session.commit()
    page = alices.get(answer.location).text
    assert ("Transcribing, 40%" in page, f'href="/transcripts/{row.id}"' in page) == (True, True)
    assert "Transcribing, 40%" in alices.get("/prompts").text
    assert alices.send("/prompts", form).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"text": " \n"}, 400, "no text"),
        ({"max_scenes": "many"}, 400, "scenes, please"),
        ({"generator": "crayons"}, 400, "no generator"),
        ({"model_name": "oracle"}, 400, "no model"),
        ({"source": "audio"}, 400, "No file"),
        ({"source": "audio", "file": (b"<html>", "page.mp3")}, 400, "file"),
        ({"source": "audio", "file": (SOUND, "a.flac"), "max_scenes": "0"}, 400, "scenes, please"),
        ({"source": "transcript", "transcript": "00000000-0000-4000-8000-000000000000"}, 404, "no such transcript"),
    ],
)
def test_what_is_refused_is_told_above_what_was_typed(alices: Browser, wrong: dict[str, Any], status: int, told: str) -> None:
    sent = of_text(name="My <name>", look="in oil") | wrong
    if "file" in sent:
        sent["file"] = (io.BytesIO(sent["file"][0]), sent["file"][1])
    answer = alices.send("/prompts", sent)
    assert answer.status_code == status
    assert re.search(rf'role="alert".*?{told}', answer.text, re.DOTALL)
    assert ('value="My &lt;name&gt;"' in answer.text, ">in oil</textarea>" in answer.text) == (True, True)
    assert (count(AnalyzerTask), count(Transcription)) == (0, 0)


def test_a_long_text_fits_and_no_token_no_task(alices: Browser) -> None:
    parts = of_text(text="word " * 210_000, csrf_token=alices.token())
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items())
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert alices.post("/prompts", data=f"{body}--x--\r\n".encode(), headers=headers).status_code == 303
    assert alices.post("/prompts", data=of_text()).status_code == 400
    assert db.session.scalars(select(AnalyzerTask.name)).all() == ["word " * 11 + "word"]  # whole ones


def test_scenes_of_a_transcript_lead_to_where_they_were_said(
    alices: Browser, bobs: Browser, finished: Transcription, tools: Toolbox, alice: User
) -> None:
    of = finished.id
    page = alices.get(f"/prompts/new?transcript={of}").text
    assert re.search(rf'value="{finished.id}" selected>Interview', page)
    assert "Interview" not in bobs.get(f"/prompts/new?transcript={finished.id}").text
    db.session.execute(update(Transcription).values(text="Hello there.\nAnd <b>who</b> are you?\nI am the second one."))
    db.session.commit()
    sent = of_text(source="transcript", transcript=finished.id, max_scenes="9")
    assert bobs.send("/prompts", sent).status_code == 404
    answer = alices.send("/prompts", sent)
    task_id = int(answer.location.rsplit("/", 1)[1])
    work(task_id)
    page = alices.get(answer.location).text
    links = re.findall(rf'href="/transcripts/{of}(#g\d)"\s+aria-label="(\S+), open', page)
    assert links == [("#g1", "0:00–0:02"), ("#g2", "0:03–0:05"), ("#g3", "0:06–0:08")]
    assert 'dir="auto">And &lt;b&gt;who&lt;/b&gt; are you?</blockquote>' in page
    assert the(task_id).name == "Interview"


def test_the_list_and_a_running_task_are_asked_again_and_answer_304_where_nothing_moved(
    alices: Browser, tools: Toolbox, alice: User
) -> None:
    task_id, known = a_task(tools, "The <sea>"), ""
    for path, polled in (("/prompts", 'id="tasks"'), (f"/prompts/{task_id}", 'id="task"')):
        answer = alices.get(path, headers=HTMX)
        assert (answer.status_code, polled in answer.text, "every 2s" in answer.text) == (200, True, True)
        assert ("The &lt;sea&gt;" in answer.text, "<html" in answer.text) == (True, False)
        known = answer.headers["ETag"]
        assert alices.get(path, headers={**HTMX, "If-None-Match": known}).status_code == 304
    work(task_id)
    answer = alices.get(f"/prompts/{task_id}", headers={**HTMX, "If-None-Match": known})
    assert ("every 2s" in answer.text, "The prompts are ready." in answer.text) == (False, True)
    assert "every 2s" not in alices.get("/prompts").text


def test_a_task_at_work_is_only_watched_until_it_is_stopped(alices: Browser, task: int, alice: User) -> None:
    one, two, _three = rows(task)
    asked = {"generator": "dalle", "look": "ink", "max_scenes": "1", "instruction": "Only\r\nships", "model_name": "fake-text"}
    assert alices.send(f"/prompts/{task}/again", asked).status_code == 303
    now = the(task)
    assert (now.generator, now.look, now.max_scenes, now.helper_instruction) == ("dalle", "ink", 1, "Only\nships")
    page = alices.get(f"/prompts/{task}").text
    assert (page.count("readonly"), 'name="ids"' in page.split("about-h")[0], "formaction" in page) == (3, False, True)
    assert alices.send(f"/prompts/{task}/scenes/{one.id}/delete").status_code == 409
    assert alices.send(f"/prompts/{task}/scenes/bulk/merge", {"ids": [one.id, two.id]}, headers=HTMX).status_code == 409
    assert alices.send(f"/prompts/{task}/again", asked).status_code == 409
    assert alices.send(f"/prompts/{task}/stop").status_code == 303
    page = alices.get(f"/prompts/{task}").text
    assert ("Stopped" in page, "readonly" in page, len(said(task))) == (True, False, 3)
    assert alices.send(f"/prompts/{task}/stop").status_code == 409


def test_a_task_that_failed_says_why_and_is_tried_again_as_it_was(
    alices: Browser, tools: Toolbox, alice: User, model: FakeTextModel
) -> None:
    task_id = a_task(tools, "The sea", look="ink", max_scenes=2)
    model.error = TextModelError("The model <is> tired.")
    work(task_id)
    page = alices.get(f"/prompts/{task_id}").text
    assert ("The model &lt;is&gt; tired." in page, "Try again" in page) == (True, True)
    assert "The model &lt;is&gt; tired." in alices.get("/prompts").text
    model.error = None
    assert alices.send(f"/prompts/{task_id}/again").status_code == 303
    work(task_id)
    assert (the(task_id).look, len(said(task_id)), the(task_id).status) == ("ink", 2, "completed")


def test_prompts_are_taken_along_as_files(alices: Browser, task: int) -> None:
    sheet = alices.get(f"/prompts/{task}/export/csv")
    assert sheet.headers["Content-Disposition"].startswith('attachment; filename="The')
    assert (sheet.headers["Content-Type"], sheet.headers["Cache-Control"]) == ("text/csv; charset=utf-8", "private, no-store")
    assert [row["prompt"] for row in csv.DictReader(io.StringIO(sheet.get_data().decode("utf-8-sig")))] == said(task)
    assert alices.get(f"/prompts/{task}/export/txt").text.splitlines() == said(task)
    assert [one["prompt"] for one in json.loads(alices.get(f"/prompts/{task}/export/json").text)["prompts"]] == said(task)
    assert alices.get(f"/prompts/{task}/export/exe").status_code == 404


def test_tasks_are_renamed_and_deleted(alices: Browser, task: int, tools: Toolbox, alice: User) -> None:
    assert alices.send(f"/prompts/{task}/rename", {"name": "My & sea"}).status_code == 303
    assert "My &amp; sea</h1>" in alices.get(f"/prompts/{task}").text
    other = a_task(tools, "Other")
    assert alices.send("/prompts/delete").status_code == 400
    assert alices.send("/prompts/delete", {"ids": [task, other]}).location == "/prompts"
    assert "2 tasks are deleted." in alices.get("/prompts").text
    assert (count(AnalyzerTask), count(AnalyzerPrompt)) == (0, 0)


def test_bob_sees_and_touches_nothing_of_alices(bobs: Browser, tools: Toolbox, bob: User, task: int) -> None:
    before, (one, two, _three) = said(task), [row.id for row in rows(task)]
    his = a_task(tools, "His", owner="Bob")
    work(his)
    for path in ("", "/export/csv"):
        assert bobs.get(f"/prompts/{task}{path}").status_code == 404
    for path in ("rename", "again", "stop", "scenes", "scenes/add", "scenes/order", f"scenes/{one}/up", f"scenes/{one}/delete"):
        assert bobs.send(f"/prompts/{task}/{path}", {"name": "x", "new": "x", f"text-{one}": "x"}).status_code == 404
    for action in ("replace", "merge", "delete"):
        sent = {"ids": [one, two], "old": "a", "with": "b"}
        assert bobs.send(f"/prompts/{task}/scenes/bulk/{action}", sent).status_code == 404
        assert bobs.send(f"/prompts/{his}/scenes/bulk/{action}", sent).status_code == 404
    assert bobs.send(f"/prompts/{his}/scenes/{one}/delete").status_code == 404
    assert bobs.send(f"/prompts/{his}/scenes", {f"text-{one}": "Bob was here"}).status_code == 404
    assert bobs.send("/prompts/delete", {"ids": [his, task]}).status_code == 404
    assert (said(task), the(his).name, the(task).name) == (before, "His", "The sea")
    assert "The sea" not in bobs.get("/prompts").text
