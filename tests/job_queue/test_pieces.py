"""What a model has written so far, for those who watch."""

import pytest

from textor.job_queue import pieces
from textor.toolbox import Toolbox


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds."""
    time = [0.0]
    monkeypatch.setattr(pieces, "monotonic", lambda: time[0])
    return time


def test_what_is_written_can_be_read_meanwhile(tools: Toolbox, told: list[float]) -> None:
    hear = pieces.writer(tools, "a")
    assert pieces.so_far(tools, "a") == ""
    for piece in ("Sal", "am, ", "سلام"):
        hear(piece)
        told[0] += 1
    assert pieces.so_far(tools, "a") == "Salam, سلام"
    assert pieces.so_far(tools, "b") == ""


def test_it_is_shown_a_few_times_a_second(tools: Toolbox, told: list[float]) -> None:
    hear = pieces.writer(tools, "a")
    hear("one")
    hear(" two")
    assert pieces.so_far(tools, "a") == "one"
    told[0] += pieces.SHOWN_EVERY_SECONDS
    hear(" three")
    assert pieces.so_far(tools, "a") == "one two three"


def test_another_try_begins_with_an_empty_page(tools: Toolbox) -> None:
    pieces.writer(tools, "a")("The first try")
    pieces.writer(tools, "a")("Again")
    assert pieces.so_far(tools, "a") == "Again"


def test_it_is_gone_after_an_hour(tools: Toolbox) -> None:
    pieces.writer(tools, "a")("text")
    assert 0 < int(str(tools.redis.ttl("textor:pieces:a"))) <= pieces.KEPT_SECONDS


def test_a_redis_that_is_away_is_left_alone_for_a_while(
    tools: Toolbox, away: Toolbox, told: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = pieces.writer(away, "a")
    hear("one")
    assert pieces.so_far(away, "a") == ""
    monkeypatch.setattr(away.redis, "set", tools.redis.set)  # it is back
    told[0] += pieces.LEFT_ALONE_SECONDS - 1
    hear(" two")
    assert pieces.so_far(tools, "a") == ""
    told[0] += 1
    hear(" three")
    assert pieces.so_far(tools, "a") == "one two three"
