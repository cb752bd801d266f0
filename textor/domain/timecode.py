"""Times as people read them. Input is seconds from the start of the recording; what is no time at all counts as 0."""

import math
from datetime import datetime


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, never negative."""
    return round(seconds * 1000) if math.isfinite(seconds) and seconds > 0 else 0


def utc(moment: datetime, precision: str = "seconds") -> str:
    """An aware UTC time as ISO 8601 with `Z`; `precision` is isoformat's."""
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def utc_or_none(moment: datetime | None) -> str | None:
    """The same of a moment that may not have come yet."""
    return utc(moment) if moment else None


def clock(seconds: float) -> str:
    """As short as it can be: `0:05`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(milliseconds(seconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def precise(seconds: float) -> str:
    """`HH:MM:SS.mmm`; hours grow as they must."""
    return from_milliseconds(milliseconds(seconds))


def from_milliseconds(total: int, *, point: str = ".") -> str:
    """`HH:MM:SS.mmm` with `point` before the milliseconds."""
    rest, fraction = divmod(total, 1000)
    minutes, rest = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}{point}{fraction:03}"
