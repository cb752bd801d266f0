"""A stage for webhooks: the lanes' own, where this machine may be asked, and a clock that shows the real time to begin with."""

from datetime import UTC, datetime

import pytest

from tests.fakes import FakeClock
from tests.stage import alice, away, bob, tools

__all__ = ["alice", "away", "bob", "tools"]


@pytest.fixture
def clock() -> FakeClock:
    """Receivers refuse what is not of now."""
    return FakeClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"ALLOW_PRIVATE_ADDRESSES": "true"}
