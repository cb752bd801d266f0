"""The sound of Twilio's recordings: with the account's credentials, and nobody else's store ever sees them."""

from collections.abc import Iterator

import pytest

from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, TOKEN, TwilioHost, sid, tone
from textor.adapters.telephony.media import Media
from textor.adapters.telephony.twilio import Twilio
from textor.errors import CallsError, NotFound, TooLarge


@pytest.fixture
def host() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as host:
        yield host


@pytest.fixture
def media(host: TwilioHost) -> Media:
    return Twilio(ACCOUNT, TOKEN, host.url).media


def loaded(media: Media, wanted: str, max_bytes: int = 10_000_000, seconds: float = 10) -> tuple[bytes, str]:
    found: list[bytes] = []
    kind = media.download(wanted, found.append, seconds=seconds, max_bytes=max_bytes)
    return b"".join(found), kind


def test_both_sides_of_a_call_come_in_channels_of_their_own(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1, channels=2)
    assert loaded(media, one.sid) == (tone(2, 2), "audio/x-wav")
    assert host.media_queries == [{"RequestedChannels": "2"}]


def test_a_recording_of_one_channel_is_asked_for_again_as_it_is(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1, channels=1)
    assert loaded(media, one.sid)[0] == tone(2, 1)
    assert host.media_queries == [{"RequestedChannels": "2"}, {}]


def test_another_hosts_store_never_sees_the_credentials(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1)
    with serving(TwilioHost(key="other")) as store:
        elsewhere = store.add(1)[0]
        host.redirects[one.sid] = (
            store.url.replace("127.0.0.1", "localhost") + f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{elsewhere.sid}"
        )
        with pytest.raises(CallsError, match="refuses"):  # the store of this test wants credentials, and gets none
            loaded(media, one.sid)
        assert store.authorizations == [None]
    assert host.authorizations[0] is not None


def test_an_endless_redirect_ends(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1)
    host.redirects[one.sid] = media.address(one.sid)
    with pytest.raises(CallsError, match="again and again"):
        loaded(media, one.sid)
    assert len(host.media_queries) == 6


def test_what_is_gone_and_what_is_refused_are_told_apart(host: TwilioHost, media: Media) -> None:
    gone, kept = host.add(1, sound=b"")[0], host.add(1)[0]
    host.refused.add(kept.sid)
    for wanted in (gone.sid, sid("RE", 99)):
        with pytest.raises(NotFound):
            loaded(media, wanted)
    with pytest.raises(CallsError, match="TWILIO_AUTH_TOKEN"):
        loaded(media, kept.sid)
    assert [media.status(wanted, 5) for wanted in (gone.sid, kept.sid, sid("RE", 99))] == [404, 403, 404]


def test_more_than_is_taken_is_not_read(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1)
    with pytest.raises(TooLarge):
        loaded(media, one.sid, max_bytes=1000)


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 503}, {"delay": 3}])
def test_what_may_pass_is_worth_another_try(host: TwilioHost, media: Media, fault: dict[str, object]) -> None:
    (one,) = host.add(1)
    host.fail(on="media", **fault)
    with pytest.raises(CallsError) as caught:
        loaded(media, one.sid, seconds=0.3)
    assert caught.value.retryable


def test_a_look_reads_the_head_alone_and_waits_no_longer_than_it_may(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1)
    assert media.status(one.sid, 5) == 206
    host.fail(on="media", delay=3)
    assert media.status(one.sid, 0.2) is None


def test_a_player_gets_the_range_that_it_asks_for(host: TwilioHost, media: Media) -> None:
    (one,) = host.add(1)
    with media.opened(one.sid, seconds=5, byte_range="bytes=10-19") as sound:
        assert (sound.status, b"".join(sound.blocks)) == (206, tone(2, 1)[10:20])
        assert sound.headers["content-range"].startswith("bytes 10-19/")
