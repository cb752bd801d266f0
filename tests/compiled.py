"""Compiled once per worker: templates, SQL and addresses, which come out the same in the application of every test."""

from collections.abc import Callable
from types import CodeType

from apiflask import APIFlask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

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


Builder = Callable[..., tuple[str, str]]

_templates = Templates()
_first: dict[str, Engine] = {}
_builders: dict[object, Builder] = {}
_compile_builder = Rule._compile_builder


def builder(rule: Rule, append_unknown: bool = True) -> Builder:
    """What makes addresses of a rule; Werkzeug compiles two for each, which are most of what `create_app` costs."""
    if rule.defaults:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, *rule._trace, append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


def share(app: APIFlask) -> None:
    """Let `app`, whose context is on, use what the applications before it have compiled."""
    app.jinja_env.bytecode_cache = _templates
    engine = db.engine
    first = _first.setdefault(engine.dialect.name, engine)
    engine.dialect = engine.pool._dialect = first.dialect  # it is part of each key of the cache
    engine._compiled_cache = first._compiled_cache
