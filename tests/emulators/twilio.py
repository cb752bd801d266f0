"""Twilio on loopback: recordings in pages, their sound, calls, deletes; what it posts to others is signed as Twilio signs.

Answers are as its OpenAPI document says (shared specs); a test holds them to it. The sound is in no document: its address, its
two channels and error 16113 are as the shared providers.md tells. Kinds of calls: list, fetch, delete, call, media.
"""

import base64
import hmac
import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5
from typing import Any

from aiohttp import BasicAuth, web

from tests.emulators.provider import Provider

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "emulator-key"
BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CODES = {401: 20003, 404: 20404, 429: 20429}
NO_SUCH_CHANNELS = 16113


def sid(prefix: str, number: int) -> str:
    """One of Twilio's names: two letters and 32 digits."""
    return prefix + md5(f"{prefix}{number}".encode(), usedforsecurity=False).hexdigest()


@dataclass
class Call:
    """One recorded call. `said_at` is where its callback's RecordingUrl points, if not at the emulator."""

    number: int
    status: str = "completed"
    seconds: int = 2
    channels: int = 2
    created: datetime = BEGAN
    error_code: int | None = None
    source: str = "DialVerb"
    sound: bytes | None = None
    """None: a tone of its own. Empty: gone."""
    caller: str = "+14155550142"
    called: str = "+16285550107"
    direction: str = "inbound"

    @property
    def sid(self) -> str:
        return sid("RE", self.number)

    @property
    def call_sid(self) -> str:
        return sid("CA", self.number)


@dataclass
class TwilioHost(Provider):
    """`recordings` are newest first. `media_seconds` is how long each look at a sound takes, `redirects` where the sound of a sid
    lies instead, `public` whether it is given without credentials. `slow` are sids whose sound never begins."""

    key: str = TOKEN
    recordings: list[Call] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.queries: list[Mapping[str, str]] = []
        self.media_queries: list[Mapping[str, str]] = []
        self.deleted: list[str] = []
        self.authorizations: list[str | None] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{BASE}/Recordings.json", self._list, name="list", allow_head=False),
            web.get(f"{BASE}/Recordings/{{id}}.json", self._fetch, name="fetch", allow_head=False),
            web.delete(f"{BASE}/Recordings/{{id}}.json", self._delete, name="delete"),
            web.get(f"{BASE}/Calls/{{id}}.json", self._call, name="call", allow_head=False),
            web.get(rf"{BASE}/Recordings/{{id:RE\w+}}{{ending:(\.wav|\.mp3)?}}", self._media, name="media"),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        self.authorizations.append(request.headers.get("Authorization"))
        try:
            auth = BasicAuth.decode(request.headers.get("Authorization", ""))
        except ValueError:
            return self.error(401, "Authentication Error - No credentials provided")
        is_known = (auth.login, auth.password) == (ACCOUNT, self.key)
        return None if is_known else self.error(401, "Authenticate")

    def error(self, status: int, message: str) -> web.Response:
        code = CODES.get(status, 20500)
        more = f"https://www.twilio.com/docs/errors/{code}"
        return web.json_response({"code": code, "message": message, "more_info": more, "status": status}, status=status)

    def add(self, count: int, **facts: Any) -> list[Call]:
        """So many recordings, each an hour older than the one before."""
        made = [
            Call(len(self.recordings) + n, created=BEGAN - timedelta(hours=len(self.recordings) + n), **facts)
            for n in range(count)
        ]
        self.recordings += made
        return made

    def find(self, wanted: str) -> Call | None:
        return next((one for one in self.recordings if one.sid == wanted), None)

    def told(self, one: Call) -> dict[str, Any]:
        """As the API tells of it."""
        moment = format_datetime(one.created, usegmt=True).replace("GMT", "+0000")
        uri = f"{BASE}/Recordings/{one.sid}"
        return {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "call_sid": one.call_sid,
            "conference_sid": None,
            "channels": one.channels,
            "date_created": moment,
            "date_updated": moment,
            "start_time": moment,
            "price": "-0.00250",
            "price_unit": "USD",
            "duration": str(one.seconds),
            "sid": one.sid,
            "source": one.source,
            "status": one.status,
            "error_code": one.error_code,
            "encryption_details": None,
            "uri": f"{uri}.json",
            "media_url": f"{self.url}{uri}",
            "subresource_uris": {"transcriptions": f"{uri}/Transcriptions.json", "add_on_results": f"{uri}/AddOnResults.json"},
        }

    def callback(self, one: Call, **more: str) -> dict[str, str]:
        """The fields of a recordingStatusCallback."""
        return {
            "AccountSid": ACCOUNT,
            "CallSid": one.call_sid,
            "RecordingSid": one.sid,
            "RecordingUrl": f"{self.url}{BASE}/Recordings/{one.sid}",
            "RecordingStatus": one.status,
            "RecordingDuration": str(one.seconds),
            "RecordingChannels": str(one.channels),
            "RecordingStartTime": format_datetime(one.created, usegmt=True),
            "RecordingSource": one.source,
            "RecordingTrack": "both",
        } | more

    def signature(self, url: str, fields: Mapping[str, str], algorithm: str = "sha1") -> str:
        """What stands in X-Twilio-Signature: written down here a second time, from Twilio's description."""
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        return base64.b64encode(hmac.new(self.key.encode(), signed.encode(), algorithm).digest()).decode()

    async def _list(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        size = int(request.query.get("PageSize", "50"))
        page = int(request.query.get("Page", "0"))
        if not 1 <= size <= 1000:
            return self.error(400, "Page size must be between 1 and 1000")
        found = [one for one in self.recordings if _fits(one, request.query)]
        first, uri = page * size, f"{BASE}/Recordings.json"
        rest = "&".join(f"{name}={value}".replace("<", "%3C").replace(">", "%3E") for name, value in _filters(request.query))
        more = f"{uri}?{rest}{'&' if rest else ''}PageSize={size}&Page={page + 1}&PageToken=PT{page + 1}"
        return web.json_response(
            {
                "end": max(first, min(first + size, len(found)) - 1),
                "first_page_uri": f"{uri}?PageSize={size}&Page=0",
                "next_page_uri": more if first + size < len(found) else None,
                "page": page,
                "page_size": size,
                "previous_page_uri": f"{uri}?PageSize={size}&Page={page - 1}" if page else None,
                "recordings": [self.told(one) for one in found[first : first + size]],
                "start": first,
                "uri": f"{uri}?PageSize={size}&Page={page}",
            }
        )

    async def _fetch(self, request: web.Request) -> web.Response:
        one = self.find(request.match_info["id"])
        return web.json_response(self.told(one)) if one else self._unknown(request)

    async def _delete(self, request: web.Request) -> web.Response:
        one = self.find(request.match_info["id"])
        if one is None:
            return self._unknown(request)
        self.recordings.remove(one)
        self.deleted.append(one.sid)
        return web.Response(status=204)

    async def _call(self, request: web.Request) -> web.Response:
        one = next((each for each in self.recordings if each.call_sid == request.match_info["id"]), None)
        if one is None:
            return self._unknown(request)
        told = {"sid": one.call_sid, "account_sid": ACCOUNT, "from": one.caller, "to": one.called, "direction": one.direction}
        return web.json_response(told | {"status": "completed", "uri": request.path})

    async def _media(self, request: web.Request) -> web.Response:
        self.media_queries.append(dict(request.query))
        one = self.find(request.match_info["id"])
        if one is None or one.sound == b"":
            return self._unknown(request)
        if one.sid in self.refused:
            return self.error(403, "The media of this recording is not given out")
        if one.sid in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[one.sid]})
        if request.query.get("RequestedChannels") == "2" and one.channels == 1:
            body = {"code": NO_SUCH_CHANNELS, "message": "Requested channels not available", "status": 400}
            return web.json_response(body, status=400)
        wanted = 2 if request.query.get("RequestedChannels") == "2" else 1
        return _ranged(request, one.sound or tone(one.seconds, wanted))

    def _unknown(self, request: web.Request) -> web.Response:
        return self.error(404, f"The requested resource {request.path} was not found")


def tone(seconds: float, channels: int) -> bytes:
    """A WAV at 8 kHz, as calls are."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        frames = int(8000 * seconds)
        sound.writeframes(
            b"".join(((n * 997) % 8000 - 4000).to_bytes(2, "little", signed=True) * channels for n in range(frames))
        )
    return file.getvalue()


def _ranged(request: web.Request, data: bytes) -> web.Response:
    wanted = request.http_range
    headers = {"Content-Type": "audio/x-wav", "Accept-Ranges": "bytes"}
    if wanted.start is None:
        return web.Response(body=data, headers=headers)
    stop = min(wanted.stop if wanted.stop is not None else len(data), len(data))
    first = wanted.start
    headers["Content-Range"] = f"bytes {first}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[first:stop], headers=headers)


def _filters(query: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in query.items() if name.startswith("DateCreated")]


def _fits(one: Call, query: Mapping[str, str]) -> bool:
    """Filters are by the second, both ends included."""
    after, before = query.get("DateCreated>"), query.get("DateCreated<")
    is_late = after is None or one.created >= datetime.fromisoformat(after)
    return is_late and (before is None or one.created <= datetime.fromisoformat(before))
