"""The sound of a recorded call for whoever listens: it comes through here, with the account's credentials, which
stay here."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from textor.adapters.telephony.media import Media, Sound
from textor.domain import calls
from textor.errors import CallsError, NotFound
from textor.features.calls import access
from textor.toolbox import Toolbox

PLAY_SECONDS = 3600.0
"""A player reads no faster than it plays."""
MEDIA_TYPE = "audio/wav"
_RANGE = re.compile(r"bytes=(?:\d{1,12}-\d{0,12}|-\d{1,12})")
PLAYED = {200, 206}
GONE = {404, 410}
UNSATISFIABLE = 416
BAD_GATEWAY = 502


@dataclass(frozen=True, slots=True)
class Played:
    """`blocks` must be closed by whoever has it: the connection to Twilio lasts as long. None where there is nothing to hear."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes] | None = None


def opened(tools: Toolbox, user_id: int, sid: str, byte_range: str) -> Played:
    """The sound, or the range of it. Raises NotFound, NotAllowed, Unavailable."""
    twilio = access.check(tools, user_id)
    if not calls.is_sid(sid):
        raise NotFound("Recording not found")
    stream = _stream(twilio.media, sid, byte_range if _RANGE.fullmatch(byte_range) else "")
    try:
        sound = cast("Sound", next(stream))
    except CallsError:
        return Played(BAD_GATEWAY, {})
    if sound.status in PLAYED:
        kind = sound.headers.get("content-type", "")
        headers = dict(sound.headers) | {"content-type": kind if kind.startswith("audio/") else MEDIA_TYPE}
        return Played(sound.status, headers, cast("Iterator[bytes]", stream))
    stream.close()
    if sound.status == UNSATISFIABLE:
        return Played(UNSATISFIABLE, {name: value for name, value in sound.headers.items() if name == "content-range"})
    return Played(404 if sound.status in GONE else BAD_GATEWAY, {})


def _stream(media: Media, sid: str, byte_range: str) -> Generator[Sound | bytes, None, None]:
    """The head first, then the sound. What breaks off in between leaves as an error of ours."""
    with media.opened(sid, seconds=PLAY_SECONDS, byte_range=byte_range) as sound:
        yield sound
        yield from sound.blocks
