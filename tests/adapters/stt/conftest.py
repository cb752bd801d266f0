"""The tiny Whisper and the process that it runs in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.stt.listening import Apart, process_apart
from tests.conftest import FIXTURES


@pytest.fixture(scope="session")
def apart() -> Iterator[Apart]:
    with process_apart() as apart:
        yield apart


@pytest.fixture
def tiny_whisper() -> Path:
    """The folder of a real, tiny model."""
    return FIXTURES / "tiny_whisper"
