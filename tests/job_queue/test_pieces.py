"""What a model has written so far, for those who watch."""

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from redis import Redis
from redis.exceptions import RedisError

from textor.job_queue import pieces
from textor.toolbox import Toolbox


@dataclass
class Watch:
    """Tells the seconds."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


class FlakyRedis:
    """One that may be away; it remembers nothing itself."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.is_away = redis, True

    def set(self, *args: Any, **options: Any) -> Any:
        if self.is_away:
            raise RedisError
        return self.redis.set(*args, **options)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_what_is_written_can_be_read_meanwhile(tools: Toolbox, watch: Watch) -> None:
    hear = pieces.writer(tools, "a", watch)
    assert pieces.so_far(tools, "a") == ""
    for piece in ("Sal", "am, ", "سلام"):
        hear(piece)
        watch.seconds += 1
    assert pieces.so_far(tools, "a") == "Salam, سلام"
    assert pieces.so_far(tools, "b") == ""


def test_it_is_shown_a_few_times_a_second(tools: Toolbox, watch: Watch) -> None:
    hear = pieces.writer(tools, "a", watch)
    hear("one")
    hear(" two")
    assert pieces.so_far(tools, "a") == "one"
    watch.seconds += pieces.SHOWN_EVERY_SECONDS
    hear(" three")
    assert pieces.so_far(tools, "a") == "one two three"


def test_another_try_begins_with_an_empty_page(tools: Toolbox) -> None:
    pieces.writer(tools, "a")("The first try")
    pieces.writer(tools, "a")("Again")
    assert pieces.so_far(tools, "a") == "Again"


def test_it_is_gone_after_an_hour(tools: Toolbox) -> None:
    pieces.writer(tools, "a")("text")
    assert 0 < int(str(tools.redis.ttl("textor:pieces:a"))) <= pieces.KEPT_SECONDS


def test_a_redis_that_is_away_is_left_alone_for_a_while(tools: Toolbox, watch: Watch) -> None:
    flaky = FlakyRedis(tools.redis)
    hear = pieces.writer(replace(tools, redis=cast("Redis", flaky)), "a", watch)
    hear("one")
    flaky.is_away = False
    watch.seconds = pieces.LEFT_ALONE_SECONDS - 1
    hear(" two")
    assert pieces.so_far(tools, "a") == ""
    watch.seconds += 1
    hear(" three")
    assert pieces.so_far(tools, "a") == "one two three"


def test_nothing_is_shown_while_redis_is_away(away: Toolbox) -> None:
    pieces.writer(away, "a")("one")
    assert pieces.so_far(away, "a") == ""
