"""The operator's log of calls: who made or changed what, with which key, and what it has cost; nothing of what was said."""

import io
import json
import logging
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text, update

from tests import factories, stage
from tests.api.conftest import Api, CallerOf
from tests.conftest import FIXTURES
from tests.fakes import FakeClock
from textor import jobs
from textor.extensions import db
from textor.features.accounts import api_keys, usage
from textor.features.accounts.usage import Call, Filters
from textor.models import ApiCall, Transcription, User
from textor.toolbox import Toolbox

UPLOAD = "/api/transcribe/upload/"
clock, tools = stage.clock, stage.tools
SOUND = (FIXTURES / "sample.flac").read_bytes()
NOTED = Call(None, None, "key", "POST /api/summary/", 200, 3)


def upload(api: Api) -> dict[str, str]:
    """Read to the end, as a client does: then it is noted."""
    file = (io.BytesIO(SOUND), "my secret.flac")
    answer = api.post(UPLOAD, data={"file": file}, content_type="multipart/form-data", buffered=True)
    found: dict[str, str] = answer.get_json()
    return found


def rows() -> list[ApiCall]:
    db.session.rollback()
    return list(db.session.scalars(select(ApiCall).order_by(ApiCall.id)))


def test_work_is_noted_with_who_how_and_what_came_of_it(caller: CallerOf, alice: User, clock: FakeClock) -> None:
    alice_id = alice.id
    told = upload(caller(alice))
    (row,) = rows()
    (key,) = api_keys.listed(alice_id)
    assert (row.user_id, row.api_key_id, row.via) == (alice_id, key.id, "key")
    assert (row.call, row.status, row.subject, row.at) == ("POST /api/transcribe/upload", 200, told["transcript_id"], clock.now())
    assert 0 <= row.milliseconds < 60_000


def test_a_change_is_noted_by_its_rule_and_a_refusal_too_but_no_read(caller: CallerOf, alice: User) -> None:
    row = factories.transcription(alice)
    api, path = caller(alice), f"/api/transcribe/{row.id}"
    for _ in range(2):
        assert api.delete(f"{path}?x=secret", buffered=True).status_code in {200, 204, 404}
    assert api.get("/api/transcribe/", buffered=True).status_code == 200
    found = rows()
    assert {one.call for one in found} == {"DELETE /api/transcribe/{transcription_id}"}
    assert [one.status < 400 for one in found] == [True, False]


def test_no_content_and_no_key_is_noted(caller: CallerOf, alice: User) -> None:
    api = caller(alice)
    upload(api)
    api.post("/api/keys", json={"name": "my secret"}, buffered=True)
    kept = json.dumps([{name: str(value) for name, value in vars(row).items()} for row in rows()])
    assert "secret" not in kept
    assert "tx_" not in kept
    assert api.headers["Authorization"].removeprefix("Bearer ") not in kept


def test_strangers_who_are_refused_do_not_fill_the_log_and_guests_are_in_it(stranger: Api, gina: Api) -> None:
    stranger.post("/api/summary/", json={}, buffered=True)
    stranger.post("/api/summary/", json={}, headers={"X-API-Key": "tx_wrong"}, buffered=True)
    assert rows() == []
    upload(gina)
    assert [(row.via, row.api_key_id) for row in rows()] == [("guest", None)]


def test_where_it_can_not_be_kept_the_answer_is_the_same_and_the_log_says_so(
    caller: CallerOf, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    api = caller(alice)
    db.session.execute(text("DROP TABLE api_calls"))
    db.session.commit()
    with caplog.at_level(logging.WARNING):
        assert upload(api)["transcript_id"]
    assert "a call was not noted" in caplog.text


def test_a_call_outlives_its_caller(tools: Toolbox, alice: User) -> None:
    usage.note(tools, Call(alice.id + 1000, 77, "key", "DELETE /api/auth/account", 204, 5))
    assert [(row.user_id, row.api_key_id, row.status) for row in rows()] == [(None, None, 204)]


def test_it_is_forgotten_after_ninety_days(app: APIFlask, tools: Toolbox, clock: FakeClock) -> None:
    usage.note(tools, NOTED)
    sweep = next(one.work for one in jobs.PERIODIC if one.name == "api_calls")
    clock.advance(timedelta(days=89).total_seconds())
    sweep(tools)
    assert len(rows()) == 1
    clock.advance(timedelta(days=2).total_seconds())
    sweep(tools)
    assert rows() == []


def test_a_call_shows_what_its_subject_has_cost_and_whose_it_was(
    caller: CallerOf, alice: User, bob: User, clock: FakeClock
) -> None:
    told = upload(caller(alice))
    db.session.execute(update(Transcription).where(Transcription.id == told["transcript_id"]).values(cost_usd=0.25))
    db.session.commit()
    (found,) = usage.page(Filters(user="ALICE", day=clock.now().date())).items
    assert (found.user, found.key, found.usd) == ("Alice", "test", 0.25)
    assert usage.page(Filters(user="bob")).items == []
    assert usage.page(Filters(day=clock.now().date() - timedelta(days=1))).items == []


def test_a_page_has_fifty_newest_first_and_the_month_its_sums(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    for n in range(51):
        clock.advance(1)
        usage.note(tools, Call(alice.id, None, "key", "POST /api/chat/", 429 if n < 3 else 200, n))
    first, second = usage.page(Filters()), usage.page(Filters(), 2)
    assert (len(first.items), first.has_older, first.items[0].milliseconds) == (50, True, 50)
    assert ([one.milliseconds for one in second.items], second.has_older) == ([0], False)
    assert [(one.user, one.calls, one.refused, one.usd) for one in usage.month(tools)] == [("Alice", 51, 3, 0.0)]


def test_one_key_gone_wild_stops_no_other_of_its_users(caller: CallerOf, alice: User) -> None:
    wild, calm = caller(alice), caller(alice)
    path = "/api/transcribe/00000000-0000-4000-8000-000000000000"
    told = [wild.delete(path).status_code for _ in range(121)]
    assert (told[0], told[-1]) == (404, 429)
    assert calm.delete(path).status_code == 404
