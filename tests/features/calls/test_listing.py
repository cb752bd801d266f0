"""The recordings of a Twilio account: as many as are wanted, whoever may see them, and no slow one holds the page."""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest
from apiflask import APIFlask

from tests import factories
from tests.emulators.twilio import BEGAN, TwilioHost
from tests.features.calls.conftest import Somebody
from textor.errors import NotAllowed, Unavailable
from textor.features.calls import access, listing
from textor.features.calls.listing import Bounds, Wanted
from textor.models.users import Role
from textor.toolbox import Toolbox


def with_users(tools: Toolbox, *names: str) -> Toolbox:
    return replace(tools, settings=replace(tools.settings, twilio_users=names))


def test_twilio_knows_no_status_so_pages_are_read_until_there_are_enough(
    tools: Toolbox, alice: Somebody, host: TwilioHost
) -> None:
    host.add(150)
    wanted = host.add(60, status="absent", error_code=16101)
    page = listing.page(tools, alice.id, Wanted(limit=40, state="failed"))
    assert [one.recording.sid for one in page.items] == [one.sid for one in wanted[:40]]
    assert not page.is_whole
    assert host.count("list") == 2
    assert (page.count("failed"), page.count("completed"), page.accessible) == (40, 0, 0)
    assert host.count("media") == 0, "what isn't completed has no sound"


def test_no_more_are_looked_through_than_is_good(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    host.add(500)
    page = listing.page(tools, alice.id, Wanted(limit=5, state="failed"), Bounds(most_read=150))
    assert (list(page.items), page.is_whole) == ([], False)
    assert host.count("list") == 2


def test_those_between_two_moments(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    made = host.add(8)
    wanted = Wanted(after=BEGAN - timedelta(hours=5), before=BEGAN - timedelta(hours=2))
    page = listing.page(tools, alice.id, wanted)
    assert [one.recording.sid for one in page.items] == [one.sid for one in made[2:6]]
    assert page.is_whole


def test_each_sound_is_looked_at_and_remembered_for_a_while(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    fine, refused, gone = host.add(1)[0], host.add(1)[0], host.add(1, sound=b"")[0]
    host.refused.add(refused.sid)
    for _ in range(2):
        page = listing.page(tools, alice.id, Wanted())
        assert {one.recording.sid: one.media_status for one in page.items} == {fine.sid: 206, refused.sid: 403, gone.sid: 404}
        assert page.accessible == 1
    assert host.count("media") == 3
    listing.forget_media(tools, fine.sid)
    listing.page(tools, alice.id, Wanted())
    assert host.count("media") == 4


def test_one_that_hangs_costs_its_time_and_not_the_page(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    host.add(10)
    host.fail(on="media", calls=1, delay=30)
    began = monotonic()
    page = listing.page(tools, alice.id, Wanted(), Bounds(media_seconds=0.5))
    assert monotonic() - began < 5
    assert sorted(one.media_status or 0 for one in page.items) == [0] + [206] * 9


def test_without_redis_every_sound_is_looked_at(away: Toolbox, alice: Somebody, tools: Toolbox, host: TwilioHost) -> None:
    host.add(2)
    alone = replace(tools, redis=away.redis)
    assert listing.page(alone, alice.id, Wanted()).accessible == 2


def test_a_twilio_that_is_away_is_said(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    host.fail(on="list", status=503)
    with pytest.raises(Unavailable, match="busy or away"):
        listing.page(tools, alice.id, Wanted())


def test_without_an_account_at_twilio_the_settings_are_named(tools: Toolbox, alice: Somebody) -> None:
    with pytest.raises(Unavailable, match="TWILIO_ACCOUNT_SID"):
        listing.page(replace(tools, calls=None), alice.id, Wanted())


def test_those_may_see_calls_whom_the_operator_names(app: APIFlask, tools: Toolbox, alice: Somebody, bob: Somebody) -> None:
    ada, gina = factories.user("Ada", Role.ADMIN), factories.user("Gina", Role.GUEST)
    assert [access.may(tools, one.id) for one in (alice, bob, ada, gina)] == [True, True, True, False]
    chosen = with_users(tools, "ALICE")
    assert [access.may(chosen, one.id) for one in (alice, bob, ada, gina)] == [True, False, True, False]
    with pytest.raises(NotAllowed, match="TWILIO_USERS"):
        listing.page(chosen, bob.id, Wanted())
