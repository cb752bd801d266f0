"""The transcribe family: a transcription followed live, over a WebSocket.

    status, segment, segment, status, segment ... status, and it closes (1000)

How it stands is told first and whenever it changes; then what has been said so far, and every segment as it is heard. The status
that is final comes last. A text may be put together anew at its end: nothing is taken back or told twice, and `result/` has what
holds. A socket that closes with another code is to be opened again: it tells everything from the start.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from apiflask import APIBlueprint
from flask import Response, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_sock import Sock
from pydantic import BaseModel
from simple_websocket import ConnectionError as BadHandshake
from simple_websocket import Server
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from textor import bootstrap
from textor.api import auth, counting, job_status
from textor.api.schemas.live import ChunkOut, LiveSegmentOut, LiveStatusOut
from textor.domain import scopes
from textor.doorstep import leaving, sockets
from textor.errors import InvalidInput, NotAllowed, NotAuthenticated, Unavailable
from textor.features.accounts.callers import Caller, Via
from textor.features.transcription import waiting
from textor.features.transcription.following import Chunk, Follower, News

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
AGAIN_SECONDS = 10
FULL = "Too many follow transcriptions live at the moment. Try again in a moment, or ask for the status now and then."
FOREIGN = "A page of another origin may not open this by a cookie. Show an API key."
NOT_FOUND = LiveStatusOut(
    status="not_found",
    message=job_status.GONE,
    progress=0,
    chunk_info=ChunkOut(current_chunk=1, total_chunks=1, chunk_progress=0),
)

calls = APIBlueprint("live", __name__, url_prefix="/api/transcribe", tag="Transcribe")
sock = Sock()


@dataclass(slots=True)
class Terms:
    """On what terms sockets are served: how many at once, half of them at most for one caller, and each for how long."""

    seats: waiting.Room
    longest_seconds: float = 3600.0
    check_seconds: float = 5.0
    """How often it is looked whether who opened it still may."""


class _Gate:
    """Where flask-sock hangs its sockets up: behind all that is checked before the upgrade."""

    def route(self, path: str, **options: Any) -> Callable[[Callable[..., Response]], None]:
        def hang(upgrade: Callable[..., Response]) -> None:
            view = counting.reading(_admitted(upgrade))
            calls.route(path, **options)(auth.needs(scopes.TRANSCRIBE, guests=True)(calls.doc(hide=True)(view)))

        return hang


@calls.record
def _prepare(state: BlueprintSetupState) -> None:
    settings = state.app.extensions[bootstrap.EXTENSION].settings
    state.app.extensions[__name__] = Terms(waiting.Room(settings.live_sockets, (settings.live_sockets + 1) // 2))
    state.app.config["SOCK_SERVER_OPTIONS"] = sockets.OPTIONS


def _admitted(upgrade: Callable[..., Response]) -> Callable[..., Response]:
    """Before the upgrade, so that a refusal is an answer like any other."""

    @wraps(upgrade)
    def admitted(job_id: str) -> Response:
        _check_origin()
        seat = waiting.Seat(waiting.Share(_terms().seats, auth.name()))
        if not seat.is_taken or leaving.process.is_ending():
            seat.leave()
            raise Unavailable(FULL, retry_after=AGAIN_SECONDS)
        try:
            sockets.bound(request.environ)
            return upgrade(job_id=job_id)
        except (RemoteProtocolError, BadHandshake) as error:
            raise InvalidInput("This is no WebSocket handshake of version 13.") from error
        finally:
            seat.leave()

    return admitted


def _check_origin() -> None:
    """A browser sends cookies along whichever page opens a socket, and asks nobody first, as it does for other calls."""
    origin = request.headers.get("Origin")
    if origin is None or not _is_by_cookie():
        return
    settings = bootstrap.tools().settings
    ours = {request.host.lower(), urlsplit(settings.public_url).netloc.lower()} - {""}
    if origin.partition("://")[2].lower() not in ours and origin not in settings.cors_allowed_origins:
        raise NotAllowed(FOREIGN)


def _is_by_cookie() -> bool:
    via = auth.me().via
    return via is Via.SESSION or (via is Via.GUEST and auth.GUEST_HEADER not in request.headers)


def _terms() -> Terms:
    terms: Terms = current_app.extensions[__name__]
    return terms


def _tell(connection: Server, follower: Follower) -> CloseReason:
    """Until it is over, time is up or the credentials are; why it closes."""
    teller, terms, caller = _Teller(connection), _terms(), auth.me()
    began_at = checked_at = now = time.monotonic()
    while now < began_at + terms.longest_seconds and not leaving.process.is_ending():
        if now >= checked_at + terms.check_seconds:
            checked_at = now
            if not _is_still(caller):
                return CloseReason.POLICY_VIOLATION
        news = follower.look()
        waiting.let_go()  # sending to a slow reader takes its time
        if teller.tell_news(news):
            return CloseReason.NORMAL_CLOSURE
        _pause(connection)
        now = time.monotonic()
    return CloseReason.GOING_AWAY


def _is_still(caller: Caller) -> bool:
    """Whether the credentials that opened it still do."""
    try:
        found = auth.again()
    except NotAuthenticated:
        return False
    return found.user_id == caller.user_id and scopes.TRANSCRIBE in found.scopes


def _pause(connection: Server) -> None:
    """Until the next look. There is nothing to say to us: what comes is thrown away."""
    until = time.monotonic() + LOOK_SECONDS
    while (left := until - time.monotonic()) > 0:
        connection.receive(left)


class _Teller:
    """Says what is news, in order, and no status twice."""

    def __init__(self, connection: Server) -> None:
        self._connection = connection
        self._status: LiveStatusOut | None = None
        self._count = 0

    def tell_news(self, news: News | None) -> bool:
        """Whether that was all. A final status comes after the last segment, any other before what was heard meanwhile."""
        if news is None:
            self._send(NOT_FOUND)
            return True
        if not news.standing.is_over:
            self._tell_status(news)
        for segment in news.segments:
            said = job_status.spoken(segment)
            self._send(LiveSegmentOut(n=self._count, **said.model_dump()))
            self._count += 1
        if news.standing.is_over:
            self._tell_status(news)
        return news.standing.is_over

    def _tell_status(self, news: News) -> None:
        standing = job_status.standing(news.standing.state)
        chunk = _chunk(news.standing.chunk)
        status = LiveStatusOut.model_validate({**standing, "chunk_info": chunk})
        if status != self._status:
            self._status = status
            self._send(status)

    def _send(self, told: BaseModel) -> None:
        self._connection.send(told.model_dump_json())


def _chunk(chunk: Chunk) -> ChunkOut:
    return ChunkOut(current_chunk=chunk.current, total_chunks=chunk.total, chunk_progress=chunk.progress)


def _serve(connection: Server, follower: Follower) -> None:
    reason = CloseReason.INTERNAL_ERROR  # unless it ends as it should: a database that is away ends it, too
    began_at = time.monotonic()
    try:
        reason = _tell(connection, follower)
    except sockets.GONE:
        reason = CloseReason.GOING_AWAY
    finally:
        waiting.let_go()
        log.info("%s ends after %.1f s: %s", ascii(request.path)[1:-1], time.monotonic() - began_at, reason.name)
        sockets.leave(connection, reason)


@sock.route("/live/<job_id>", bp=_Gate())
def live(connection: Server, job_id: str) -> None:
    _serve(connection, Follower(auth.me().user_id, job_status.known(job_id)))
