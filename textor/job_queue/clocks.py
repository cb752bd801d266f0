"""The time that leases are told by: the database's, so that machines whose clocks differ agree on who is late."""

import logging
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import func, select

from textor.extensions import db
from textor.toolbox import SystemClock, Toolbox

log = logging.getLogger(__name__)

CHECK_SECONDS = 60
NEWS_SECONDS = 2


def seconds(tools: Toolbox) -> float:
    """The toolbox's time as seconds since 1970."""
    return tools.clock.now().timestamp()


def agree(tools: Toolbox) -> None:
    """Set this process's clock by the database's, at most once a minute. SQLite has none of its own: it lives on this machine."""
    clock = tools.clock
    if not isinstance(clock, SystemClock) or (clock.checked_at is not None and monotonic() - clock.checked_at < CHECK_SECONDS):
        return
    clock.checked_at = monotonic()
    before = clock.ahead
    clock.ahead = _ahead(clock)
    if abs(clock.ahead - before) > timedelta(seconds=NEWS_SECONDS):
        log.warning("this machine's clock is off by %.1f s: the database's is used", -clock.ahead.total_seconds())


def _ahead(clock: SystemClock) -> timedelta:
    now = {"postgresql": func.clock_timestamp(), "mysql": func.utc_timestamp(6), "mariadb": func.utc_timestamp(6)}
    asked = now.get(db.engine.dialect.name)
    if asked is None:
        return timedelta()
    begin = clock.machine()
    told = db.session.execute(select(asked)).scalar_one()
    end = clock.machine()
    db.session.commit()
    there: datetime = told if told.tzinfo else told.replace(tzinfo=UTC)
    return there - begin - (end - begin) / 2
