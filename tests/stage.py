"""A stage for lanes and features: a clock that stands still, engines that do as they are told, Alice and Bob."""

from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask

from tests import factories
from tests.fakes import FakeClock, FakeEngine, FakeRemoteEngine
from textor import toolbox
from textor.models import User
from textor.settings import Settings
from textor.toolbox import Toolbox


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tools(settings: Settings, clock: FakeClock) -> Toolbox:
    real = toolbox.build(settings)
    real.redis.flushdb()
    engines = {"fake": FakeEngine(), "fake_remote": FakeRemoteEngine()}
    return replace(real, clock=clock, engines={**real.engines, **engines})


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


@pytest.fixture
def bob(app: APIFlask) -> User:
    return factories.user("Bob")


@pytest.fixture
def away(tools: Toolbox, tmp_path: Path) -> Toolbox:
    """The same tools, with a Redis that isn't there."""
    return replace(tools, redis=toolbox.connect_redis(f"unix://{tmp_path / 'nobody.sock'}"))
