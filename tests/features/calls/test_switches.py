"""What an admin turns on and off: the import of announced calls, and deleting at Twilio."""

from dataclasses import replace
from typing import Any

import pytest

from tests import factories
from tests.emulators.twilio import TwilioHost
from tests.features.calls.conftest import Somebody
from textor.errors import InvalidInput, NotAllowed
from textor.features.calls import announcing, switches
from textor.models.users import Role
from textor.toolbox import Toolbox


@pytest.fixture
def ada(tools: Toolbox, alice: Somebody) -> int:
    return factories.user("Ada", Role.ADMIN).id


def with_settings(tools: Toolbox, **values: Any) -> Toolbox:
    return replace(tools, settings=replace(tools.settings, **values))


def test_a_paused_import_takes_nothing_in_until_it_goes_on(tools: Toolbox, ada: int, host: TwilioHost) -> None:
    importing = with_settings(tools, twilio_import_user="Alice")
    first, second = host.add(2)
    switches.turn(tools, ada, switches.IMPORT, on=False)
    assert announcing.announced(importing, host.callback(first)) is None
    switches.turn(tools, ada, switches.IMPORT, on=True)
    assert announcing.announced(importing, host.callback(second)) is not None


def test_deleting_needs_the_setting_and_an_admin(tools: Toolbox, ada: int) -> None:
    allowed = with_settings(tools, twilio_delete_after_import=True)
    assert not switches.is_deleting(allowed)
    switches.turn(tools, ada, switches.DELETE, on=True)
    assert switches.is_deleting(allowed)
    assert not switches.is_deleting(with_settings(tools, twilio_delete_after_import=False))
    switches.turn(tools, ada, switches.DELETE, on=False)
    assert not switches.is_deleting(allowed)


def test_nobody_else_turns_anything(tools: Toolbox, alice: Somebody, ada: int) -> None:
    with pytest.raises(NotAllowed):
        switches.turn(tools, alice.id, switches.IMPORT, on=False)
    with pytest.raises(InvalidInput):
        switches.turn(tools, ada, "the lights", on=False)
    assert switches.is_on(switches.IMPORT)
