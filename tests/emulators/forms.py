"""Forms as emulated providers get them, with their files in memory. aiohttp's own reader of them warns of itself."""

import re
from typing import NamedTuple

from aiohttp import web

BOUNDARY = re.compile(r'boundary="?([^";]+)')
NAME = re.compile(r'[ ;]name="([^"]*)"')
FILENAME = re.compile(r'filename="([^"]*)"')
KIND = re.compile(r"content-type: *(\S+)", re.IGNORECASE)


class Sent(NamedTuple):
    """A file of a form."""

    filename: str
    content_type: str
    data: bytes


async def read(request: web.Request) -> dict[str, str | Sent]:
    """The fields of a form of either kind; nothing where it is none."""
    return dict(await pairs(request))


async def pairs(request: web.Request) -> list[tuple[str, str | Sent]]:
    """The same, with those that come more than once."""
    if not request.content_type.startswith("multipart/"):
        return [(name, str(value)) for name, value in (await request.post()).items()]
    boundary = BOUNDARY.search(request.headers["Content-Type"])
    body = b"\r\n" + await request.read()
    parts = body.split(b"\r\n--" + boundary[1].encode())[1:-1] if boundary else []
    return [_field(part) for part in parts]


def _field(part: bytes) -> tuple[str, str | Sent]:
    head, _, data = part.partition(b"\r\n\r\n")
    told = head.decode()
    name, filename, kind = NAME.search(told), FILENAME.search(told), KIND.search(told)
    value = Sent(filename[1], kind[1] if kind else "", data) if filename else data.decode()
    return name[1] if name else "", value
