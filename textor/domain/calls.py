"""Recorded calls: what a telephone company tells of them, in the words that Textor's clients know."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

State = Literal["completed", "in-progress", "failed"]
STATES: tuple[State, ...] = ("completed", "in-progress", "failed")

_FAILED = {"absent", "deleted", "failed"}
_SID = re.compile(r"RE[0-9a-fA-F]{32}")
_PATH = re.compile(
    r"/2010-04-01/Accounts/AC[0-9a-fA-F]{32}/(?:Calls/CA[0-9a-fA-F]{32}/)?Recordings/(RE[0-9a-fA-F]{32})(?:\.\w+)?"
)


@dataclass(frozen=True, slots=True)
class CallRecording:
    """One recording at Twilio. Times are aware UTC, `duration` is in seconds; `status` is Twilio's own word. `media_location` is
    where Twilio says that the sound lies."""

    sid: str
    account_sid: str
    call_sid: str
    duration: int
    status: str
    channels: int
    source: str | None = None
    error_code: int | None = None
    uri: str = ""
    media_location: str = ""
    media_url: str = ""
    date_created: datetime | None = None
    date_updated: datetime | None = None
    start_time: datetime | None = None
    price: float | None = None
    price_unit: str | None = None
    track: str | None = None

    @property
    def state(self) -> State:
        """Completed, in-progress or failed."""
        return state_of(self.status, self.error_code)


@dataclass(frozen=True, slots=True)
class Leg:
    """Who called whom. `direction` is Twilio's word: inbound, outbound-api, outbound-dial ..."""

    caller: str
    called: str
    direction: str


def state_of(status: str, error_code: int | None = None) -> State:
    """Twilio's word in one of the three that clients know; a word that is new counts as under way."""
    if status in _FAILED or error_code:
        return "failed"
    return "completed" if status == "completed" else "in-progress"


def is_sid(text: str) -> bool:
    """Whether it can be the sid of a recording."""
    return _SID.fullmatch(text) is not None


def sid_of(url: str, hosts: tuple[str, ...]) -> str | None:
    """The recording that an address of Twilio's names; None for any other address."""
    try:
        parts = urlsplit(url)
        is_theirs = parts.scheme in {"http", "https"} and (parts.hostname or "") in hosts
    except ValueError:
        return None
    found = _PATH.fullmatch(parts.path) if is_theirs else None
    return found[1] if found else None
