"""When a provider switches a model off, and how near that is."""

from dataclasses import dataclass
from datetime import date

WARNING_DAYS = 120


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The last day of a model, seen from some other day."""

    on: date
    days_left: int
    """Below 0: it is gone."""

    @property
    def is_over(self) -> bool:
        return self.days_left < 0

    @property
    def is_near(self) -> bool:
        return 0 <= self.days_left <= WARNING_DAYS


def read(told: str | None, today: date) -> Shutdown | None:
    """From a date as model lists write it, 2027-02-26. None where there is none, or one that can't be read."""
    try:
        on = date.fromisoformat(told or "")
    except ValueError:
        return None
    return Shutdown(on, (on - today).days)
