"""Whether somebody who was kept waiting is still there."""

import socket
import struct

from textor.doorstep import listeners


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        return server.accept()[0], theirs


def is_there(connection: socket.socket) -> bool:
    return listeners.is_there({"gunicorn.socket": connection})


def test_somebody_is_there_until_they_leave() -> None:
    ours, theirs = connected()
    with ours, theirs:
        assert is_there(ours)
        theirs.sendall(b"GET / HTTP/1.1")
        assert is_there(ours) and ours.recv(3) == b"GET"
        ours.recv(100)
        theirs.shutdown(socket.SHUT_WR)
        assert not is_there(ours)


def test_who_breaks_the_connection_has_left() -> None:
    ours, theirs = connected()
    with ours:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        assert not is_there(ours)


def test_what_can_not_be_looked_at_counts_as_there() -> None:
    ours, theirs = connected()
    theirs.close()
    ours.close()
    assert is_there(ours)
    assert listeners.is_there({})
