"""Servers on loopback that do what no decent server does: raw sockets, a thread for each caller."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from tests.conftest import missing

SOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Play = Callable[[socket.socket], None]


class Server:
    """Plays `play` with every caller; `asked` has the head of each request, `callers` counts connections."""

    def __init__(self, play: Play | bytes) -> None:
        self.play = self.saying(play) if isinstance(play, bytes) else play
        self.asked: list[str] = []
        self.callers = 0
        self.over = Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def saying(self, text: bytes) -> Play:
        """The same answer to every request."""

        def play(caller: socket.socket) -> None:
            while self.heard(caller):
                caller.sendall(text)

        return play

    def heard(self, caller: socket.socket) -> str:
        """The head of the next request, and what of its body came with it; empty at the end."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = caller.recv(65_536)
            if not piece:
                return ""
            head += piece
        self.asked.append(head.decode("latin-1"))
        return self.asked[-1]

    def run(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self.callers += 1
                Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            self.play(caller)

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def serving(play: Play | bytes) -> Iterator[Server]:
    server = Server(play)
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


@contextmanager
def dripping(head: bytes) -> Iterator[Server]:
    """Says `head` at once, and then a byte each 50 ms, for ever."""

    def play(caller: socket.socket) -> None:
        server.heard(caller)
        caller.sendall(head)
        while not server.over.wait(0.05):
            caller.sendall(b"x")

    with serving(play) as server:
        yield server


def own_certificate(folder: Path) -> ssl.SSLContext:
    """One that nobody has signed."""
    if not shutil.which("openssl"):
        missing("openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    wishes = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *wishes, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
