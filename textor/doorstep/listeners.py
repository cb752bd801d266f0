"""Whether somebody who was kept waiting is still there, as far as their connection tells."""

import select
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from textor.doorstep.sockets import PLACES


def is_there(environ: Mapping[str, Any]) -> bool:
    """False where the connection was closed at the other end. Nothing is read of what else may have come."""
    found = next((environ[place] for place in PLACES if place in environ), None)
    return found is None or not _is_closed(found)


def _is_closed(connection: socket.socket) -> bool:
    """A connection that is over can be read: its end. What can't be looked at (TLS of our own) counts as open."""
    with suppress(ValueError):
        try:
            look = select.poll()
            look.register(connection, select.POLLIN)
            return bool(look.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True
    return False
