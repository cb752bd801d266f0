"""Compiled once per worker: templates and SQL, which come out the same in the application of every test."""

from types import CodeType

from apiflask import APIFlask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine

from textor.extensions import db


class Templates(BytecodeCache):
    """Keeps what Jinja makes of a template in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


_templates = Templates()
_first: dict[str, Engine] = {}


def share(app: APIFlask) -> None:
    """Let `app`, whose context is on, use what the applications before it have compiled."""
    app.jinja_env.bytecode_cache = _templates
    engine = db.engine
    first = _first.setdefault(engine.dialect.name, engine)
    engine.dialect = engine.pool._dialect = first.dialect  # it is part of each key of the cache
    engine._compiled_cache = first._compiled_cache
