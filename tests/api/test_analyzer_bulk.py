"""Many image-prompt tasks in one call: what is a list, what is answered, and that it is all or none."""

from typing import Any

import pytest

from tests.api.analyzer_calls import FIELDS, ROOT, api, count, made, view
from tests.api.conftest import Api, CallerOf
from textor.models import AnalyzerTask, User

__all__ = ["api"]

NOT_IDS: list[Any] = [None, "1", {}, [], ["1"], [1.5], [True], [0], [-1], [None], [[1]], [2**63], [1e308]]


def test_many_are_deleted_together_or_not_at_all(api: Api, caller: CallerOf, bob: User) -> None:
    ids = [made(api)["id"] for _ in range(3)]
    hers = made(caller(bob))["id"]
    assert api.delete(f"{ROOT}/task-bulk-delete", json={"ids": [*ids, hers]}).status_code == 404
    assert count(AnalyzerTask) == 4
    answer = api.delete(f"{ROOT}/task-bulk-delete/", json={"ids": [ids[0], *ids[:2]]})
    assert (answer.status_code, answer.data, count(AnalyzerTask)) == (204, b"", 2)


@pytest.mark.parametrize("body", [*({"ids": ids} for ids in NOT_IDS), {}, [1], None, "ids"], ids=repr)
def test_a_list_that_is_none_is_told_in_the_words_that_clients_know(api: Api, body: Any) -> None:
    answer = api.delete(f"{ROOT}/task-bulk-delete", json=body)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, "provide correct ids list")


def test_many_are_changed_together_and_told_in_the_order_of_the_request(api: Api) -> None:
    first, second = (made(api)["id"] for _ in range(2))
    body = [{"id": second, "name": "The lake"}, {"id": first, "task_text": "x" * 1_900_000}]
    told, again = (call(f"{ROOT}/task-bulk-update", json=body) for call in (api.put, api.patch))
    assert (told.status_code, again.status_code) == (200, 200)
    assert [(one["id"], one["name"]) for one in told.get_json()] == [(second, "The lake"), (first, "The sea")]
    assert list(again.get_json()[0])[: len(FIELDS)] == FIELDS
    assert len(api.get(view(first)).get_json()["task_text"]) == 1_900_000
    assert api.patch(f"{ROOT}/task-bulk-update", json=[]).get_json() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": 1},
        "x",
        [1],
        [{}],
        *([{"id": one}] for one in (None, "1", True, 1.5, 0, -1, 2**63, 1e308)),
        [{"id": 1, "name": None}],
        [{"id": 1, "prompts": {}}],
        [{"id": 1, "prompts": [{}]}],
        [{"id": 1, "prompts": [{"prompt_content": ""}]}],
        [{"id": 1, "prompts": [{"id": "1", "prompt_content": "x"}]}],
        [{"id": 1}, {"id": 1}],
    ],
    ids=repr,
)
def test_what_is_no_list_of_changes_is_400(api: Api, body: Any) -> None:
    answer = api.patch(f"{ROOT}/task-bulk-update", json=body)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, answer.get_json()["error"])


def test_ten_thousand_fit_into_a_call_and_no_more(api: Api) -> None:
    most = list(range(1, 10_001))
    update, remove = f"{ROOT}/task-bulk-update", f"{ROOT}/task-bulk-delete"
    texts = [{"id": n, "name": "x" * 200, "task_text": "x" * 500} for n in most]
    assert [api.patch(update, json=texts).status_code, api.delete(remove, json={"ids": most}).status_code] == [404, 404]
    assert api.delete(remove, json={"ids": [*most, 10_001]}).status_code == 400
