"""Requests that ask: the same one from several at once is begun once."""

from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select, update

from tests import at_once
from tests.features.insights.chats import finished, work
from textor.extensions import db
from textor.features.insights import chat_requests
from textor.features.insights.chat_requests import Begun, Request
from textor.models import Job, Transcription, User
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


def test_what_a_request_brought_along_is_not_kept(tools: Toolbox, alice: User) -> None:
    job_id = chat_requests.begin(tools, alice.id, SAME).job_id
    wrong = chat_requests.begin(tools, alice.id, replace(SAME, about={"transcription_id": finished(alice).id})).job_id
    db.session.execute(update(Transcription).values(deleted_at=tools.clock.now()))
    db.session.commit()
    assert not chat_requests.is_over(job_id)
    work()
    assert chat_requests.is_over(job_id)
    assert chat_requests.look(alice.id, job_id).result["content"] == "On Monday."
    assert chat_requests.look(alice.id, wrong).error == "There is no such transcript."
    assert chat_requests.look(alice.id, wrong).status == 404
    assert db.session.scalars(select(Job.payload)).all() == [{"messages": []}] * 2
