"""A stage for calls: a Twilio on loopback, and the tools that ask it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from apiflask import APIFlask

from tests import factories
from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, TOKEN, TwilioHost
from tests.stage import away, clock
from tests.stage import tools as stage_tools
from textor.adapters.telephony.twilio import Twilio
from textor.toolbox import Toolbox

__all__ = ["away", "clock", "stage_tools"]


@dataclass(frozen=True)
class Somebody:
    """A user, after whatever a worker's turn does to the session."""

    id: int


@pytest.fixture
def alice(app: APIFlask) -> Somebody:
    return Somebody(factories.user("Alice").id)


@pytest.fixture
def bob(app: APIFlask) -> Somebody:
    return Somebody(factories.user("Bob").id)


@pytest.fixture
def host() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as host:
        yield host


@pytest.fixture
def tools(stage_tools: Toolbox, host: TwilioHost) -> Toolbox:
    return replace(stage_tools, calls=Twilio(ACCOUNT, TOKEN, host.url, seconds=5))
