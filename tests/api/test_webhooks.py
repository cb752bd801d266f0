"""The log of webhooks, for programs."""

import uuid

from tests.api.conftest import Api, CallerOf
from textor.domain import scopes
from textor.extensions import db
from textor.features.webhooks import deliveries
from textor.models import Delivery, User
from textor.toolbox import Toolbox

LOG = "/api/webhooks/deliveries"


def announce(tools: Toolbox, user: User, count: int = 1) -> list[str]:
    ids = [deliveries.announce(tools, user.id, "summary.completed", {"id": "1"}, "https://a.example")[0] for _ in range(count)]
    db.session.commit()
    return ids


def test_the_log_tells_of_each_delivery_in_pages(caller: CallerOf, alice: User, bob: User, tools: Toolbox) -> None:
    ids = announce(tools, alice, 3)
    announce(tools, bob)
    first = caller(alice).get(f"{LOG}?page_size=2").get_json()
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    last = caller(alice).get(first["next"]).get_json()
    assert (last["next"], last["previous"] is not None) == (None, True)
    assert {one["id"] for one in first["results"] + last["results"]} == set(ids)
    one = first["results"][0]
    assert (one["event"], one["status"], one["attempts"], one["response_status"]) == ("summary.completed", "waiting", 0, None)
    assert (one["payload"]["data"], one["next_attempt_at"]) == ({"id": "1"}, one["created_at"])
    assert caller(alice).get(f"{LOG}?page=3&page_size=2").status_code == 404
    assert caller(alice).get(f"{LOG}?page=0").status_code == 400


def test_a_delivery_is_sent_again(caller: CallerOf, alice: User, tools: Toolbox) -> None:
    (sent,) = announce(tools, alice)
    row = db.session.get_one(Delivery, sent)
    row.state, row.due_at, row.error = "failed", None, "No."
    db.session.commit()
    answer = caller(alice).post(f"{LOG}/{sent}/redeliver")
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["id"], told["status"], told["error"], told["next_attempt_at"] is not None) == (sent, "waiting", None, True)


def test_nobody_elses_delivery_is_there(caller: CallerOf, alice: User, bob: User, tools: Toolbox) -> None:
    (sent,) = announce(tools, alice)
    assert caller(bob).get(LOG).get_json()["results"] == []
    for unknown in (sent, str(uuid.uuid4()), "nothing"):
        assert caller(bob).post(f"{LOG}/{unknown}/redeliver").status_code == 404


def test_only_those_with_an_account_and_the_scope_see_it(caller: CallerOf, alice: User, gina: Api, stranger: Api) -> None:
    assert caller(alice, scopes.TEXT).get(LOG).status_code == 403
    assert (gina.get(LOG).status_code, stranger.get(LOG).status_code) == (401, 401)
