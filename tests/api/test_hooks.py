"""Where providers say that a job has news: believed only as far as to ask them."""

import threading

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.waiting import until
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import remote
from textor.job_queue import shift, tickets
from textor.job_queue.shift import LISTENER
from textor.models import Slice
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

FAR = factories.NOW.replace(year=2099)


@pytest.fixture
def slice_id(app: APIFlask) -> int:
    """A slice that its provider has, to be looked at in years."""
    alice = factories.user("Alice")
    row = factories.transcription(alice, engine="fake_remote", status=Status.PROCESSING, active_for=alice.id, is_with_shift=True)
    facts = {"n": 0, "start": 0.0, "end": 1.0, "engine": "fake_remote", "state": SliceState.REMOTE, "remote_id": "job"}
    one = Slice(transcription_seq=row.seq, due_at=FAR, **facts)
    db.session.add(one)
    db.session.commit()
    return one.id


def path(tools: Toolbox, slice_id: int) -> str:
    return f"/hooks/{slice_id}/{remote._proof(tools, slice_id, 'path')}"


def header(tools: Toolbox, slice_id: int) -> dict[str, str]:
    return {remote.HEADER: remote.secret(tools, slice_id)}


def is_due(slice_id: int, tools: Toolbox) -> bool:
    db.session.rollback()
    due_at = db.session.scalars(select(Slice.due_at).where(Slice.id == slice_id)).one()
    return due_at is not None and due_at <= tools.clock.now()


def test_a_call_makes_its_slice_due_and_wakes_the_shift(client: FlaskClient, tools: Toolbox, slice_id: int) -> None:
    until(lambda: LISTENER not in {one.name for one in threading.enumerate()}, "no earlier test's shift listens", 10)
    answer = client.post(path(tools, slice_id), headers=header(tools, slice_id), json={"status": "completed"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert is_due(slice_id, tools)
    assert tools.redis.llen(shift.WAKE_KEY) == 1
    assert len(tickets.waiting(tools, shift.QUEUE)) == 1


@pytest.mark.parametrize("given", [{}, {remote.HEADER: ""}, {remote.HEADER: "0" * 64}, {remote.HEADER: "é"}])
def test_without_the_right_header_there_is_nothing_here(
    client: FlaskClient, tools: Toolbox, slice_id: int, given: dict[str, str]
) -> None:
    assert client.post(path(tools, slice_id), headers=given).status_code == 404
    assert not is_due(slice_id, tools)


def test_without_the_right_address_there_is_nothing_here(client: FlaskClient, tools: Toolbox, slice_id: int) -> None:
    for address in (f"/hooks/{slice_id}/{'0' * 64}", f"/hooks/{slice_id}/é", f"/hooks/{10**40}/x"):
        assert client.post(address, headers=header(tools, slice_id)).status_code == 404
    assert not is_due(slice_id, tools)


def test_the_proof_of_one_slice_opens_no_other(client: FlaskClient, tools: Toolbox, slice_id: int) -> None:
    foreign = path(tools, slice_id + 1).replace(f"/{slice_id + 1}/", f"/{slice_id}/")
    assert client.post(foreign, headers=header(tools, slice_id + 1)).status_code == 404
    assert not is_due(slice_id, tools)


def test_a_replay_is_harmless(client: FlaskClient, tools: Toolbox, slice_id: int) -> None:
    for _ in range(3):
        assert client.post(path(tools, slice_id), headers=header(tools, slice_id)).status_code == 204
    assert len(tickets.waiting(tools, shift.QUEUE)) == 1


def test_a_slice_that_is_over_or_gone_answers_the_same_and_stays_so(client: FlaskClient, tools: Toolbox, slice_id: int) -> None:
    one = db.session.get_one(Slice, slice_id)
    one.state, one.due_at = SliceState.COMPLETED, None
    db.session.commit()
    for number in (slice_id, slice_id + 1):
        answer = client.post(path(tools, number), headers=header(tools, number))
        assert (answer.status_code, answer.data) == (204, b"")
    assert not is_due(slice_id, tools)
    assert tools.redis.llen(shift.WAKE_KEY) == 0
