"""Requests that ask: the same one from several at once is begun once."""

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests import at_once
from textor.extensions import db
from textor.features.insights import chat_requests
from textor.features.insights.chat_requests import Begun, Request
from textor.models import Job, User
from textor.toolbox import Toolbox

SAME = Request([{"role": "user", "content": "When?"}], {"text": "On Monday."})


@pytest.mark.both_databases
def test_of_several_at_once_one_begins_and_all_find_it(app: APIFlask, tools: Toolbox, alice: User) -> None:
    user_id = alice.id
    found = at_once.results(app, 4, lambda: chat_requests.begin(tools, user_id, SAME))
    assert db.session.scalar(select(func.count()).select_from(Job)) == 1
    assert sum(isinstance(one, Begun) and one.is_new for one in found) == 1
    assert len({one.job_id for one in found if isinstance(one, Begun)}) == 1


def test_what_bob_asks_is_not_what_alice_has_asked(tools: Toolbox, alice: User, bob: User) -> None:
    assert chat_requests.begin(tools, alice.id, SAME) != chat_requests.begin(tools, bob.id, SAME)
