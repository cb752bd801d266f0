"""The page of calls: who called whom, what can be heard, what is transcribed, and Twilio itself out of everybody's reach."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, TOKEN, Call, TwilioHost, sid, tone
from tests.web.conftest import HTMX, Browser
from textor.adapters.telephony.twilio import Twilio
from textor.extensions import db
from textor.features.calls import overview, transcripts
from textor.features.calls.transcripts import Source
from textor.features.transcription.naming import Chosen
from textor.models import CallTranscript, Job, User
from textor.models.users import Role
from textor.toolbox import Toolbox


@pytest.fixture
def host() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as host:
        yield host


@pytest.fixture
def tools(tools: Toolbox, host: TwilioHost) -> Toolbox:
    settings = replace(tools.settings, twilio_account_sid=ACCOUNT, twilio_users=("alice",), default_engine="fake")
    return replace(tools, settings=settings, calls=Twilio(ACCOUNT, TOKEN, host.url, seconds=5))


def begun(tools: Toolbox, user: User, call: Call, **heard: Any) -> CallTranscript:
    """A transcript of the call, by that user; `heard` is how its transcription stands."""
    row = transcripts.find(transcripts.begin(tools, user.id, Source(sid=call.sid), Chosen("fake")).id)
    if heard:
        row.transcription_seq = factories.transcription(user, **heard).seq
        db.session.commit()
    return row


def row_of(page: str, call: Call) -> str:
    found = re.search(rf'<tr id="c-{call.sid}".*?</tr>', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", found[0], flags=re.DOTALL).split())


def test_each_call_tells_who_called_whom_and_whether_it_can_be_heard(alices: Browser, host: TwilioHost) -> None:
    (fine,) = host.add(1, seconds=372, called="<b>+1</b>")
    (refused,) = host.add(1, direction="outbound-api")
    (gone,) = host.add(1, sound=b"")
    (running,) = host.add(1, status="processing")
    (absent,) = host.add(1, status="absent", error_code=16101)
    host.refused.add(refused.sid)
    page = alices.get("/calls").text
    assert "incoming: +14155550142 to &lt;b&gt;+1&lt;/b&gt; Transcribe Available 6:12" in row_of(page, fine)
    assert "outgoing: +14155550142 to +16285550107 Transcribe Needs Twilio login Twilio refuses the sound (403)." in row_of(
        page, refused
    )
    assert "Deleted at Twilio" in row_of(page, gone)
    assert "Still being prepared" in row_of(page, running)
    assert "Not recorded Twilio's error 16101." in row_of(page, absent).replace("&#39;", "'")
    assert page.count('name="ids"') == 2, "what can't be had can't be ticked"
    assert page.count("<audio") == 2
    assert host.url not in page
    assert ACCOUNT not in page


def test_the_transcripts_there_are_show_how_they_stand(
    tools: Toolbox, alices: Browser, alice: User, bob: User, host: TwilioHost
) -> None:
    waits, runs, mine, bobs, failed = host.add(5)
    begun(tools, alice, waits)
    begun(tools, alice, runs, status="processing", progress=67.0, active_for=alice.id)
    row = begun(tools, alice, mine, status="completed")
    other = begun(tools, bob, bobs, status="completed")
    begun(tools, alice, failed, status="failed", error="<i>No sound.</i>")
    page = alices.get("/calls").text
    assert "Waiting" in row_of(page, waits)
    assert "Transcribing, 67%" in row_of(page, runs)
    assert "Open transcript" in row_of(page, mine)
    assert "Transcribed The text is in another account." in row_of(page, bobs)
    assert "Failed &lt;i&gt;No sound.&lt;/i&gt; Try again" in row_of(page, failed)
    links = re.findall(r'href="/transcripts/([0-9a-f-]{36})"', page)
    assert db.session.get_one(CallTranscript, row.id).transcription_seq is not None
    assert len(links) == 2, "the one that runs, and the one that is done: Bob's is not among them"
    assert other.user_id == bob.id


def test_a_page_that_is_watched_asks_twilio_nothing(tools: Toolbox, alices: Browser, alice: User, host: TwilioHost) -> None:
    (call,) = host.add(1)
    assert 'hx-trigger="jobs:changed from:body"' in alices.get("/calls").text
    begun(tools, alice, call)
    first = alices.get("/calls", headers=HTMX)
    assert first.text.lstrip().startswith('<tbody id="jobs"')
    assert 'hx-trigger="every 2s, jobs:changed from:body"' in first.text
    again = alices.get("/calls", headers={**HTMX, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert [host.count(kind) for kind in ("list", "call", "media")] == [1, 1, 1]
    assert alices.send("/calls/refresh", {"next": "/calls?state=completed"}).location == "/calls?state=completed"
    alices.get("/calls")
    assert [host.count(kind) for kind in ("list", "call", "media")] == [2, 1, 1], "who called whom does not change"


def test_days_and_directions_are_chosen_and_a_wrong_day_is_told_at_its_field(alices: Browser, host: TwilioHost) -> None:
    wanted = Call(1, created=datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC), direction="outbound-dial")
    other = Call(2, created=datetime(2026, 11, 19, 12, tzinfo=UTC))
    host.recordings += [
        Call(0, created=datetime(2026, 11, 20, tzinfo=UTC)),
        wanted,
        other,
        Call(3, created=datetime(2026, 11, 18, tzinfo=UTC)),
    ]
    page = alices.get("/calls?from=2026-11-19&to=2026-11-19").text
    assert re.findall(r'<tr id="c-(\w+)"', page) == [wanted.sid, other.sid]
    page = alices.get("/calls?from=2026-11-19&to=2026-11-19&direction=out").text
    assert re.findall(r'<tr id="c-(\w+)"', page) == [wanted.sid]
    assert "Nothing matches this filter" in alices.get("/calls?state=failed").text
    for asked, field in (("from=soon", "from"), ("to=9999-12-31", "to"), ("from=2026-11-20&to=2026-11-19", "to")):
        wrong = alices.get(f"/calls?{asked}")
        assert wrong.status_code == 400
        assert f'aria-describedby="f-{field}-error"' in wrong.text


def test_one_or_many_are_transcribed_with_and_without_script(alices: Browser, alice: User, host: TwilioHost) -> None:
    one, two, three = host.add(3)
    assert alices.send(f"/calls/{one.sid}/transcribe").location == "/calls"
    answer = alices.send("/calls/transcribe", {"ids": [one.sid, two.sid, three.sid, "RE../.."]}, headers=HTMX)
    assert "2 calls are being transcribed." in answer.text
    assert "jobs:changed" in answer.headers["HX-Trigger"]
    assert {row.sid for row in db.session.query(CallTranscript)} == {one.sid, two.sid, three.sid}
    assert {(job.kind, job.user_id) for job in db.session.query(Job)} == {("call", alice.id)}
    assert "That was begun already." in alices.send("/calls/transcribe", {"ids": [two.sid]}, headers=HTMX).text
    assert alices.send("/calls/transcribe").status_code == 400


def test_the_sound_comes_through_textor_whole_or_a_range_of_it(alices: Browser, host: TwilioHost) -> None:
    (call,) = host.add(1, seconds=1)
    whole = alices.get(f"/calls/{call.sid}/audio")
    assert (whole.status_code, whole.data) == (200, tone(1, 1))
    assert whole.headers["Content-Type"].startswith("audio/")
    part = alices.get(f"/calls/{call.sid}/audio", headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.data) == (206, tone(1, 1)[4:10])
    assert part.headers["Content-Range"] == f"bytes 4-9/{len(tone(1, 1))}"
    assert host.url not in str(part.headers)
    host.refused.add(call.sid)
    assert alices.get(f"/calls/{call.sid}/audio").status_code == 502
    assert alices.get(f"/calls/{sid('RE', 99)}/audio").status_code == 404
    asked = host.count("media")
    assert alices.get("/calls/RE1/audio").status_code == 404
    assert host.count("media") == asked, "what is no sid is no part of an address"


def test_who_may_not_see_calls_sees_none_of_them(bobs: Browser, gina: Browser, host: TwilioHost) -> None:
    (call,) = host.add(1)
    for path in ("/calls", f"/calls/{call.sid}/audio"):
        assert bobs.get(path).status_code == 403
        assert "/login" in gina.get(path).location
    for path in ("/calls/refresh", "/calls/transcribe", f"/calls/{call.sid}/transcribe"):
        assert bobs.send(path, {"ids": [call.sid]}).status_code == 403
    assert host.calls == []
    assert 'href="/calls"' not in bobs.get("/account").text


def test_the_way_there_is_shown_to_those_who_may(alices: Browser) -> None:
    assert 'href="/calls"' in alices.get("/account").text


def test_a_form_from_elsewhere_changes_nothing(alices: Browser, host: TwilioHost) -> None:
    (call,) = host.add(1)
    assert alices.post(f"/calls/{call.sid}/transcribe").status_code == 400
    assert db.session.query(CallTranscript).count() == 0


def test_that_twilio_is_away_is_told_above_the_list(alices: Browser, host: TwilioHost) -> None:
    host.key = "another"
    page = alices.get("/calls")
    assert page.status_code == 200
    assert "Twilio refuses this account" in page.text
    assert alices.get("/calls", headers=HTMX).status_code == 503


class TestWhatTheOperatorHasSet:
    """Beside the list: whose the calls become, and what happens to them at Twilio."""

    @pytest.fixture
    def tools(self, tools: Toolbox) -> Toolbox:
        settings = replace(
            tools.settings,
            twilio_import_user="alice",
            twilio_delete_after_import=True,
            public_url="https://textor.example/",
        )
        return replace(tools, settings=settings)

    def test_it_is_shown(self, alices: Browser) -> None:
        page = alices.get("/calls").text
        assert "They are transcribed for alice" in page
        assert "https://textor.example/api/twilio/recording-status" in page
        assert "Recordings stay at Twilio until an admin confirms" in page
        assert "/calls/switch" not in page, "Alice is no admin"
        assert alices.send("/calls/switch", data={"name": "import_calls", "on": "0"}).status_code == 403

    def test_an_admin_pauses_the_import_and_confirms_the_deleting(self, alices: Browser) -> None:
        alice = db.session.scalars(select(User)).one()
        alice.role = Role.ADMIN
        db.session.commit()
        assert alices.send("/calls/switch", data={"name": "import_calls", "on": "0"}).status_code == 303
        assert "The import is paused" in alices.get("/calls").text
        assert alices.send("/calls/switch", data={"name": "delete_calls", "on": "1"}).status_code == 400
        assert alices.send("/calls/switch", data={"name": "delete_calls", "on": "1", "sure": "1"}).status_code == 303
        assert "Recordings are deleted at Twilio once they are imported" in alices.get("/calls").text


class TestWithoutTwilio:
    """Nothing is set up."""

    @pytest.fixture
    def tools(self, tools: Toolbox) -> Toolbox:
        return replace(tools, calls=None)

    def test_the_page_says_what_to_set(self, alices: Browser, bobs: Browser) -> None:
        assert bobs.get("/calls").status_code == 403
        page = alices.get("/calls")
        assert page.status_code == 200
        assert "TWILIO_AUTH_TOKEN" in page.text
        assert 'href="/calls"' not in page.text
        assert alices.send("/calls/refresh").status_code == 503


def test_no_page_breaks_where_the_database_can_not_say_who_may(tools: Toolbox, alice: User) -> None:
    alice_id = alice.id
    db.session.add(CallTranscript(source=None))
    with pytest.raises(IntegrityError):
        db.session.flush()
    assert not overview.may(tools, alice_id)
