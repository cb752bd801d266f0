"""Programs that follow transcriptions live, and a gunicorn for them to do it with."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.laws import ROOT
from tests.waiting import until


@dataclass
class Server:
    """A gunicorn with one worker."""

    process: "subprocess.Popen[bytes]"
    port: int
    viewers: ExitStack

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Accept": "text/html"})
            return connection.getresponse().status
        finally:
            connection.close()

    def open(self, job_id: str, query: str = "", **headers: str) -> "Viewer":
        """Follow it; raises InvalidStatus where that is refused."""
        url = f"ws://127.0.0.1:{self.port}/api/transcribe/live/{job_id}{query}"
        origin = headers.pop("Origin", None)
        opened = connect(url, additional_headers=headers, origin=origin, proxy=None, ping_interval=None)  # type: ignore[arg-type]  # any text will do
        return Viewer(self.viewers.enter_context(opened))

    def refusal(self, job_id: str, query: str = "", **headers: str) -> tuple[int, Mapping[str, str]]:
        with pytest.raises(InvalidStatus) as refused:
            self.open(job_id, query, **headers)
        answer = refused.value.response
        assert json.loads(answer.body or b"{}")["error"]
        return answer.status_code, answer.headers


class Viewer:
    """Somebody who follows."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.statuses: list[dict[str, Any]] = []
        self.segments: list[dict[str, Any]] = []

    @property
    def texts(self) -> list[str]:
        return [segment["text"] for segment in self.segments]

    def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(timeout=20))
        (self.statuses if message["type"] == "status" else self.segments).append(message)
        return message

    def hear(self, count: int) -> "Viewer":
        """Until so many segments were told."""
        while len(self.segments) < count:
            self.next()
        return self

    def end(self) -> int | None:
        """All that comes until it is closed; with which code."""
        with suppress(ConnectionClosed):
            while True:
                self.next()
        return self.connection.close_code

    def vanish(self) -> None:
        """Without a word."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number, port = listener.fileno(), listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{number}", "--workers", "1", "wsgi:app"]
        env = {"PATH": os.environ["PATH"], **environ}
        process = subprocess.Popen(command, cwd=ROOT, env=env, pass_fds=[number], stderr=subprocess.DEVNULL)
    try:
        with ExitStack() as viewers:
            server = Server(process, port, viewers)
            until(lambda: server.get("/health") == 200, "the server answers")
            yield server
    finally:
        process.terminate()
        process.wait(30)
