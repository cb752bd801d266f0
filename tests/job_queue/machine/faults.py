"""What can go wrong at any moment: a process dies, another one comes between, Redis is away.

Moments are counted: one after each commit and one after each command to Redis. All that lies between two of them is undone by
the database where a process dies, so there are no others.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.orm import Session

from textor.extensions import db
from textor.toolbox import redis_options


class Death(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class Faults:
    """`strike` happens at the `left`-th moment from now, once."""

    is_redis_away: bool = False
    left: int = 0
    strike: Callable[[], None] = lambda: None

    def arm(self, moments: int, strike: Callable[[], None]) -> None:
        self.left, self.strike = moments, strike

    def disarm(self) -> None:
        self.left = 0

    def moment(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.strike()

    def before_redis(self) -> None:
        if self.is_redis_away:
            raise RedisAway("away, says the test")

    def after_redis(self) -> None:
        """No moment within a transaction: whoever came between would wait for its rows for ever, in this one thread."""
        if not db.session().in_transaction():
            self.moment()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Commits are moments meanwhile. An event of SQLAlchemy would come too early: the session is not done then."""
        kind = db.session.session_factory.class_
        commit = kind.commit

        def then_a_moment(session: Session) -> None:
            commit(session)
            self.moment()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "commit", then_a_moment)
            yield

    def connect(self, url: str) -> "FrailRedis":
        """A client whose every command is a moment."""
        client = FrailRedis.from_url(url, **redis_options())
        assert isinstance(client, FrailRedis)
        client.faults = self
        return client


class FrailRedis(Redis):
    """The real client, but for its faults."""

    faults: Faults

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.faults.before_redis()
        answer: Any = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's own
        self.faults.after_redis()
        return answer

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        pipeline = FrailPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline.faults = self.faults
        return pipeline


class FrailPipeline(Pipeline):
    """All of its commands are one moment."""

    faults: Faults

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        self.faults.before_redis()
        answers = super().execute(raise_on_error)
        self.faults.after_redis()
        return answers
