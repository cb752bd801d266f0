"""Twilio's recordings through its real SDK, against a server that behaves as Twilio does."""

from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from itertools import islice

import pytest
from werkzeug.datastructures import MultiDict

from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, BEGAN, TOKEN, Call, TwilioHost, sid
from textor import settings
from textor.adapters.telephony.twilio import Twilio
from textor.domain.calls import Leg
from textor.errors import CallsError, NotFound

HERE = "https://textor.example/api/twilio/recording-status/"
TEHRAN = timezone(timedelta(hours=3, minutes=30))


@pytest.fixture
def host() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as host:
        yield host


@pytest.fixture
def twilio(host: TwilioHost) -> Twilio:
    return Twilio(ACCOUNT, TOKEN, host.url, seconds=2)


def test_without_an_account_there_is_none() -> None:
    assert Twilio.from_settings(settings.load({})) is None
    found = Twilio.from_settings(settings.load({"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}))
    assert found is not None
    assert found.base_url == "https://api.twilio.com"
    assert TOKEN not in repr(found)


def test_a_recording_has_its_facts_typed(host: TwilioHost, twilio: Twilio) -> None:
    (one,) = host.add(1, seconds=65)
    found = twilio.recording(one.sid)
    assert (found.sid, found.call_sid, found.account_sid) == (one.sid, one.call_sid, ACCOUNT)
    assert (found.duration, found.channels, found.price, found.price_unit) == (65, 2, -0.0025, "USD")
    assert found.date_created == found.start_time == BEGAN
    assert found.media_url == f"{host.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{one.sid}.wav"
    assert (found.state, found.error_code, found.source) == ("completed", None, "DialVerb")
    assert found.track is None  # told of recordings of one call only, and in callbacks


def test_as_many_pages_are_read_as_are_wanted(host: TwilioHost, twilio: Twilio) -> None:
    made = host.add(7)
    assert [one.sid for one in islice(twilio.recordings(page_size=3), 4)] == [one.sid for one in made[:4]]
    assert host.count("list") == 2
    assert [one.sid for one in twilio.recordings(page_size=3)] == [one.sid for one in made]


def test_no_page_is_larger_than_twilio_gives(host: TwilioHost, twilio: Twilio) -> None:
    host.add(1)
    assert len(list(twilio.recordings(page_size=5000))) == 1
    assert host.queries[0]["PageSize"] == "1000"


@pytest.mark.parametrize("zone", [UTC, TEHRAN])
def test_a_filter_means_the_same_moment_in_every_zone(host: TwilioHost, twilio: Twilio, zone: timezone) -> None:
    made = host.add(6)
    after, before = (BEGAN - timedelta(hours=hours) for hours in (4, 2))
    found = twilio.recordings(after=after.astimezone(zone), before=before.astimezone(zone))
    assert [one.sid for one in found] == [one.sid for one in made[2:5]]
    assert host.queries[0]["DateCreated>"] == "2026-11-20T05:00:00Z"


def test_who_called_whom_is_known(host: TwilioHost, twilio: Twilio) -> None:
    (one,) = host.add(1, caller="+4930555", called="+4940555", direction="outbound-api")
    assert twilio.leg(one.call_sid) == Leg("+4930555", "+4940555", "outbound-api")


def test_a_deleted_recording_is_gone_and_deleting_it_again_is_no_error(host: TwilioHost, twilio: Twilio) -> None:
    (one,) = host.add(1)
    for _ in range(2):
        twilio.delete(one.sid)
    assert host.deleted == [one.sid]
    with pytest.raises(NotFound, match="Recording not found"):
        twilio.recording(one.sid)


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        ({"status": 429}, True),
        ({"status": 503}, True),
        ({"reset": True}, True),
        ({"body": "<html>"}, True),
        ({"status": 400}, False),
    ],
)
@pytest.mark.parametrize("verb", ["list", "fetch"])
def test_what_goes_wrong_there_is_said_without_a_secret(
    host: TwilioHost, twilio: Twilio, fault: dict[str, object], retryable: bool, verb: str
) -> None:
    (one,) = host.add(1)
    host.fail(on=verb, **fault)
    with pytest.raises(CallsError) as caught:
        list(twilio.recordings()) if verb == "list" else twilio.recording(one.sid)
    assert caught.value.retryable is retryable
    assert TOKEN not in caught.value.message
    assert ACCOUNT not in caught.value.message


def test_a_wrong_token_names_the_settings(host: TwilioHost) -> None:
    wrong = Twilio(ACCOUNT, "another", host.url)
    with pytest.raises(CallsError, match="TWILIO_AUTH_TOKEN") as caught:
        list(wrong.recordings())
    assert not caught.value.retryable


def test_who_does_not_answer_is_not_waited_for(host: TwilioHost) -> None:
    (one,) = host.add(1)
    host.fail(on="fetch", delay=3)
    with pytest.raises(CallsError, match="in time"):
        Twilio(ACCOUNT, TOKEN, host.url, seconds=0.2).recording(one.sid)


def form(fields: dict[str, str]) -> "MultiDict[str, str]":
    return MultiDict(fields)


@pytest.mark.parametrize(
    ("algorithm", "headers"), [("sha1", {}), ("sha256", {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"})]
)
def test_what_twilio_signs_is_known(host: TwilioHost, twilio: Twilio, algorithm: str, headers: dict[str, str]) -> None:
    fields = host.callback(Call(1))
    signed = headers | {"X-Twilio-Signature": host.signature(HERE, fields, algorithm)}
    assert twilio.is_signed(HERE, form(fields), signed)
    assert not twilio.is_signed(HERE, form(fields | {"RecordingSid": sid("RE", 2)}), signed)
    assert not twilio.is_signed(HERE.replace("https", "http"), form(fields), signed)


@pytest.mark.parametrize("signature", ["", "x", "é" * 28, "x" * 10_000, "=" * 28])
def test_what_is_not_signed_is_known_too(host: TwilioHost, twilio: Twilio, signature: str) -> None:
    assert not twilio.is_signed(HERE, form(host.callback(Call(1))), {"X-Twilio-Signature": signature})


@pytest.mark.parametrize("settings_header", ["algorithm=HMAC_MD5", "algorithm=none", "key=,algorithm=,"])
def test_another_algorithm_proves_nothing(host: TwilioHost, twilio: Twilio, settings_header: str) -> None:
    fields = host.callback(Call(1))
    headers = {"X-Twilio-Signature": host.signature(HERE, fields, "md5"), "X-Twilio-Webhooks-Signature-Settings": settings_header}
    assert not twilio.is_signed(HERE, form(fields), headers)


def test_a_form_that_nobody_can_sign_is_refused(twilio: Twilio) -> None:
    assert not twilio.is_signed("https://textor.example:port/", form({"a": "b"}), {"X-Twilio-Signature": "x" * 28})
    assert not twilio.is_signed(HERE, form({"a": "\ud800"}), {"X-Twilio-Signature": "x" * 28})


def test_an_address_of_twilios_names_its_recording(twilio: Twilio, host: TwilioHost) -> None:
    wanted = sid("RE", 1)
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{wanted}"
    for url in (f"https://api.twilio.com{path}", f"http://api.twilio.com{path}.mp3?x=1", f"{host.url}{path}.json"):
        assert twilio.sid_of(url) == wanted, url
    for url in (
        f"https://api.twilio.com.evil.example{path}",
        f"https://evil.example/{path}",
        f"https://evil.example?https://api.twilio.com{path}",
        f"ftp://api.twilio.com{path}",
        f"https://api.twilio.com{path}/../x",
        "https://[::1",
        "",
    ):
        assert twilio.sid_of(url) is None, url
