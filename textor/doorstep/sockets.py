"""A WebSocket's connection: simple-websocket's own end of it, bounded in time, in threads that never outlive the request.

It sends whatever the kernel takes at once and forgets the rest, lets two threads write into each other's frames, and closes a
connection that the server will close, which gunicorn counts twice.
"""

import socket
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from threading import Lock, Thread
from typing import Any

from simple_websocket import ConnectionClosed, Server
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

PLACES = ("gunicorn.socket", "werkzeug.socket")
SEND_SECONDS = 10.0
FAREWELL_SECONDS = 2.0
"""How long the other side may take to say goodbye."""
OPTIONS: Mapping[str, Any] = {
    "ping_interval": 20,  # proxies cut what is silent (Heroku after 55 s); two pings without an answer: nobody is there
    "max_message_size": 4096,
    "thread_class": partial(Thread, daemon=True),
}
GONE = (ConnectionClosed, LocalProtocolError, OSError)
"""What sending and waiting end with when the other side has left, or does not take what it is sent."""


class Line:
    """The connection, as far as simple-websocket uses it."""

    def __init__(self, raw: socket.socket, seconds: float = SEND_SECONDS) -> None:
        raw.settimeout(seconds)
        self._raw, self._turn = raw, Lock()

    def fileno(self) -> int:
        return self._raw.fileno()

    def send(self, data: bytes) -> None:
        with self._turn:
            self._raw.sendall(data)

    def recv(self, size: int) -> bytes:
        return self._raw.recv(size)

    def close(self) -> None:
        """Nothing more either way. The server that opened it closes it."""
        with suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)


def bound(environ: MutableMapping[str, Any]) -> None:
    """Put the line in the place of the connection. Call before the upgrade."""
    for place in PLACES:
        if place in environ:
            environ[place] = Line(environ[place])


def leave(connection: Server, reason: CloseReason) -> None:
    """Say goodbye, wait a moment for the other side's, and end the thread that listens."""
    with suppress(*GONE):
        connection.close(reason)
    connection.thread.join(FAREWELL_SECONDS)
    connection.sock.close()
    connection.thread.join(FAREWELL_SECONDS)
