"""Image-prompt tasks as programs use them: made, read, listed, changed, deleted; who may, and what is refused."""

import io
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import factories
from tests.api.analyzer_calls import FIELDS, NEW, ROOT, api, count, made, view, work
from tests.api.conftest import Api, CallerOf
from tests.counting import counted
from textor.adapters.text_models.port import DEFAULT_INSTRUCTION
from textor.domain import scopes
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.insights import analyzing, prompts
from textor.features.recordings import sample
from textor.models import AnalyzerPrompt, AnalyzerTask, Recording, Transcription, User
from textor.toolbox import Toolbox

__all__ = ["api"]


def upload(api: Api, **form: Any) -> TestResponse:
    sound = form.pop("sound", sample.FILE.read_bytes())
    data = {"name": "The sea", "audio_file_url": (io.BytesIO(sound), "talk.flac")} | form
    return api.post(NEW, data=data, content_type="multipart/form-data")


def test_a_new_task_is_answered_as_clients_know_it(api: Api) -> None:
    told = made(api)
    assert list(told)[: len(FIELDS)] == FIELDS
    assert isinstance(told["id"], int)
    assert (told["status"], told["user_id"], told["prompts"], told["error"]) == ("pending", "Alice", [], None)
    assert (told["task_text"], told["helper_instruction"]) == ("A ship in a storm.", DEFAULT_INSTRUCTION)
    assert (told["audio_file_url"], told["audio_file_language"]) == (None, None)


def test_a_text_becomes_prompts_without_any_key(api: Api) -> None:
    task_id = made(api)["id"]
    work()
    told = api.get(view(task_id)).get_json()
    assert (told["status"], told["progress"], told["model_name"]) == ("completed", 100.0, "textor-extractive")
    (prompt,) = told["prompts"]
    assert list(prompt)[:2] == ["id", "prompt_content"]
    assert prompt["prompt_content"]


def test_a_form_without_a_file_is_a_text_as_well(api: Api) -> None:
    answer = api.post(NEW, data={"name": "The sea", "task_text": "A ship.", "look": ""}, content_type="multipart/form-data")
    assert (answer.status_code, answer.get_json()["task_text"]) == (201, "A ship.")
    empty = {"name": "The sea", "task_text": "A ship.", "audio_file_url": (io.BytesIO(b""), "")}
    assert api.post(NEW, data=empty, content_type="multipart/form-data").status_code == 201


def test_a_recording_becomes_prompts(api: Api, tools: Toolbox) -> None:
    answer = upload(api, audio_file_language="en-US")
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["audio_file_language"]) == (201, "pending", "en_us")
    row = db.session.scalars(select(Transcription)).one()
    assert (row.recording.title, row.requested_language, row.id) == ("The sea", "en", told["transcript_id"])
    assert api.get(told["audio_file_url"]).data == sample.FILE.read_bytes()
    factories.spoken(row, "A ship in a storm.")
    row.status, row.active_for, row.text = Status.COMPLETED, None, "A ship in a storm."
    db.session.commit()
    analyzing.advance(tools)
    work()
    told = api.get(view(told["id"])).get_json()
    assert (told["status"], told["task_text"]) == ("completed", "A ship in a storm.")
    assert [(one["start"], one["end"], one["quote"]) for one in told["prompts"]] == [(0.0, 2.0, "A ship in a storm.")]


def test_a_transcript_that_is_there_will_do(api: Api, alice: User) -> None:
    row = factories.transcription(alice, status=Status.COMPLETED, text="A ship.", language="en")
    told = api.post(NEW, json={"name": "The sea", "transcript_id": row.id}).get_json()
    assert (told["transcript_id"], told["task_text"], told["audio_file_language"]) == (row.id, "A ship.", "en")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"task_text": " "}, "task_text"),
        ({"audio_file_url": "https://textor.example/a.mp3"}, "audio_file_url"),
        ({"generator": "crayons"}, "generator"),
        ({"max_scenes": 0}, "max_scenes"),
        ({"max_scenes": "3"}, "max_scenes"),
        ({"model_name": "gpt-9"}, "model_name"),
        ({"audio_file_language": "klingon"}, "audio_file_language"),
        ({"transcript_id": "x"}, "task_text"),
    ],
)
def test_what_cannot_be_a_task_is_400_and_costs_nothing(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api.post(NEW, json={"name": "The sea", "task_text": "A ship."} | fields)
    told = answer.get_json()
    assert (answer.status_code, told["detail"]) == (400, told["error"])
    assert field in told["error"] or field in (told["details"] or {})
    assert (answer.headers["X-RateLimit-Remaining"], count(AnalyzerTask)) == ("25", 0)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "audio_file_language"),
        ({"audio_file_language": "klingon"}, "klingon"),
        ({"audio_file_language": "en", "generator": "crayons"}, "generator"),
        ({"audio_file_language": "en", "transcript_id": "1"}, "not both"),
        ({"audio_file_language": "en", "model_name": "gpt-9"}, "There is no model"),
        ({"audio_file_language": "en", "name": " "}, "name"),
    ],
)
def test_a_recording_of_which_too_little_is_said_is_400_and_is_not_kept(api: Api, form: dict[str, str], said: str) -> None:
    answer = upload(api, **form)
    assert answer.status_code == 400
    assert said in answer.get_json()["detail"]
    assert (count(Recording), count(AnalyzerTask)) == (0, 0)


def test_what_is_no_recording_makes_no_task(api: Api) -> None:
    answer = upload(api, sound=b"no sound at all" * 99, audio_file_language="en")
    assert (answer.status_code, count(Recording), count(AnalyzerTask)) == (400, 0, 0)


def test_the_same_key_makes_it_once(api: Api) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = (api.post(NEW, json={"name": "a", "task_text": "b"}, headers=headers) for _ in range(2))
    assert (first.get_json(), again.headers["Idempotent-Replayed"], count(AnalyzerTask)) == (again.get_json(), "true", 1)
    assert api.post(NEW, json={"name": "other", "task_text": "b"}, headers=headers).status_code == 400


def test_the_list_has_five_a_page(api: Api, caller: CallerOf, bob: User) -> None:
    ids = [made(api, name=str(n))["id"] for n in range(6)]
    first = api.get(NEW).get_json()
    assert (first["count"], first["previous"], [one["id"] for one in first["results"]]) == (6, None, ids[:0:-1])
    second = api.get(first["next"]).get_json()
    assert (second["next"], [one["id"] for one in second["results"]]) == (None, ids[:1])
    assert second["previous"].endswith("page=1")
    assert api.get(f"{NEW}?page=3").status_code == 404
    assert caller(bob).get(NEW).get_json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_a_page_of_five_takes_as_many_statements_as_one_of_one(api: Api) -> None:
    seen = []
    for _ in range(2):
        made(api)
        work()
        with counted() as statements:
            api.get(NEW)
        seen.append(len(statements))
        for _ in range(3):
            made(api)
    assert seen[0] == seen[1]


def test_a_change_changes_what_it_tells(api: Api) -> None:
    task_id = made(api)["id"]
    told = api.patch(view(task_id), json={"task_text": "A calm.", "id": 99, "status": "failed"}).get_json()
    assert (told["id"], told["name"], told["task_text"], told["status"]) == (task_id, "The sea", "A calm.", "pending")
    assert api.put(view(task_id), json={"task_text": "x"}).status_code == 400
    told = api.put(view(task_id), json={"name": "The lake", "helper_instruction": None}).get_json()
    assert (told["name"], told["task_text"], told["helper_instruction"]) == ("The lake", "A calm.", DEFAULT_INSTRUCTION)
    wrong: list[Any] = [{"name": None}, {"name": " "}, [], "x"]
    assert {api.patch(view(task_id), json=one).status_code for one in wrong} == {400}


def test_prompts_are_changed_added_ordered_and_deleted_with_their_task(api: Api, alice: User) -> None:
    task_id = made(api)["id"]
    wanted = [{"prompt_content": "one"}, {"prompt_content": "two"}]
    busy = api.patch(view(task_id), json={"name": "x", "prompts": wanted})
    assert (busy.status_code, api.get(view(task_id)).get_json()["name"]) == (409, "The sea")
    work()
    first, second = api.patch(view(task_id), json={"prompts": wanted}).get_json()["prompts"]
    third = [{"id": second["id"], "prompt_content": "2"}, {"prompt_content": "3"}]
    told = api.patch(view(task_id), json={"prompts": third}).get_json()["prompts"]
    assert [one["prompt_content"] for one in told] == ["2", "3"]
    assert told[0]["id"] == second["id"] and told[1]["id"] not in {first["id"], second["id"]}
    gone = api.patch(view(task_id), json={"prompts": [{"id": first["id"], "prompt_content": "1"}]})
    assert (gone.status_code, count(AnalyzerPrompt)) == (404, 2)
    assert api.patch(view(task_id), json={"prompts": []}).get_json()["prompts"] == []


def test_a_deleted_task_is_gone_with_its_prompts(api: Api) -> None:
    task_id = made(api)["id"]
    work()
    answer = api.delete(view(task_id))
    assert (answer.status_code, answer.data) == (204, b"")
    assert [call(view(task_id)).status_code for call in (api.get, api.delete)] == [404, 404]
    assert count(AnalyzerPrompt) == 0


@pytest.mark.parametrize("task_id", ["0", "-1", "1.5", "abc", str(2**63), "9" * 300])
def test_what_is_no_id_is_404(api: Api, task_id: str) -> None:
    calls = (api.get, api.delete, lambda path: api.patch(path, json={}))
    assert {call(f"{ROOT}/view-task/{task_id}").status_code for call in calls} == {404}


def test_a_key_without_the_scope_and_a_guest_do_nothing_here(caller: CallerOf, alice: User, gina: Api) -> None:
    assert caller(alice, scopes.TRANSCRIBE).get(NEW).status_code == 403
    assert {gina.get(NEW).status_code, gina.post(NEW, json={"name": "a", "task_text": "b"}).status_code} == {401}


def test_a_recording_that_is_deleted_for_good_takes_its_task_along(api: Api) -> None:
    told = upload(api, audio_file_language="en").get_json()
    assert api.delete(f"/api/transcribe/{told['transcript_id']}").status_code == 204
    assert api.get(view(told["id"])).status_code == 404


def test_prompts_are_listed_in_their_order(api: Api, tools: Toolbox, alice: User) -> None:
    task_id, me = made(api)["id"], alice.id
    work()
    for text in ("two", "three"):
        prompts.add(tools, me, task_id, text)
    last = api.get(view(task_id)).get_json()["prompts"][-1]
    prompts.move(tools, me, task_id, last["id"], 0)
    (listed,) = api.get(NEW).get_json()["results"]
    assert listed["prompts"][0]["prompt_content"] == "three"
