"""Files straight from the socket into spools, through a real gunicorn: flat memory, early refusals, nothing left behind."""

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.adapters.audio import sounds
from tests.waiting import until
from tests.web.conftest import Browser
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import Recording
from textor.toolbox import Toolbox

ROOT = Path(__file__).parents[2]
SOUND = sample.FILE.read_bytes()
BLOCK = bytes(np.random.default_rng(1).integers(0, 256, 1_000_000, np.uint8))
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
END = b"\r\n--x--\r\n"


class Connection(http.client.HTTPConnection):
    """HTTP over the server's own socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass
class Server:
    """A gunicorn with one worker, and Alice's way to talk to it."""

    process: psutil.Process
    socket: Path
    headers: dict[str, str]

    @property
    def worker(self) -> psutil.Process:
        return self.process.children()[0]

    def post(self, body: Iterable[bytes], length: int | None) -> tuple[int, dict[str, str]]:
        """Send a form; without a length it goes in chunks."""
        headers = self.headers | ({} if length is None else {"Content-Length": str(length)})
        with closing(Connection(self.socket)) as connection:
            connection.request("POST", "/transcripts", body=iter(body), headers=headers, encode_chunked=length is None)
            answer = connection.getresponse()
            found: dict[str, str] = json.loads(answer.read())
            return answer.status, found


@pytest.fixture
def server(alices: Browser, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application in gunicorn, on the test's own database and DATA_DIR."""
    path = tmp_path_factory.mktemp("g") / "s"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "--workers", "1", "wsgi:app"]
    token = alices.token()
    cookie = alices.get_cookie("textor_session")
    assert cookie
    headers = {"Accept": "application/json", "Content-Type": "multipart/form-data; boundary=x", "X-CSRFToken": token}
    with subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"], **environ}) as process:
        running = Server(psutil.Process(process.pid), path, {**headers, "Cookie": f"textor_session={cookie.value}"})
        until(lambda: answers(path), "the server answers")
        yield running
        process.terminate()


def answers(path: Path) -> bool:
    with closing(Connection(path)) as connection, suppress(OSError):
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    return False


def large(megabytes: int) -> Iterator[bytes]:
    """A form with a WAV of so many megabytes."""
    head = bytearray(sounds.wav(sounds.silence(0), rate=48_000))
    head[-4:] = head[4:8] = (megabytes * 1_000_000 - 44).to_bytes(4, "little")
    yield HEAD % b"large.wav"
    yield bytes(head)
    for _ in range(megabytes - 1):
        yield BLOCK
    yield BLOCK[44:]
    yield END


def length_of_large(megabytes: int) -> int:
    return megabytes * 1_000_000 + len(HEAD % b"large.wav") + len(END)


def send(browser: Browser, files: dict[str, bytes], accept: str = "application/json") -> TestResponse:
    """A form written by hand: werkzeug's client leaves its temporary file open when a form is large."""
    parts = [HEAD % name.encode() + content + b"\r\n" for name, content in files.items()]
    headers = {"Accept": accept, "Content-Type": "multipart/form-data; boundary=x", "X-CSRFToken": browser.token()}
    return browser.post("/transcripts", data=b"".join(parts) + b"--x--\r\n", headers=headers)


def incoming(tools: Toolbox) -> list[Path]:
    return list(tools.settings.incoming_dir.glob("*"))


def count() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(Recording)).one()


class Watch(threading.Thread):
    """The most memory a process holds while this runs."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._process, self._over = process, threading.Event()
        self.before = self.most = process.memory_info().rss

    def run(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    def grown(self) -> int:
        self._over.set()
        self.join()
        return self.most - self.before


@pytest.mark.timeout(300)
def test_a_file_of_500_mb_grows_the_web_process_by_less_than_20(server: Server, tools: Toolbox) -> None:
    small = [HEAD % b"warm.flac", SOUND, END]
    assert server.post(small, sum(map(len, small)))[0] == 201
    watch = Watch(server.worker)
    watch.start()
    status, answer = server.post(large(500), length_of_large(500))
    grown = watch.grown()
    assert status == 201, answer
    assert grown < 20_000_000
    assert incoming(tools) == []
    stored = db.session.scalars(select(Recording).where(Recording.filename == "large.wav")).one()
    assert stored.size_bytes == 500_000_000
    assert tools.storage.size(stored.storage_key) == 500_000_000


def test_a_form_sent_in_chunks_needs_no_length(server: Server) -> None:
    assert server.post([HEAD % b"chunked.flac", SOUND, END], None)[0] == 201
    assert count() == 1


def test_a_sender_who_goes_away_leaves_nothing(server: Server, tools: Toolbox) -> None:
    with closing(Connection(server.socket)) as connection:
        connection.putrequest("POST", "/transcripts")
        for name, value in {**server.headers, "Content-Length": "50000000"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(HEAD % b"half.wav" + BLOCK * 3)
        until(lambda: len(incoming(tools)) == 1, "a spool is there")
    until(lambda: incoming(tools) == [], "nothing is left")
    assert count() == 0


class TestWithASmallLimit:
    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "MAX_UPLOAD_MB": "2"}

    @pytest.mark.parametrize("megabytes", [3, 40, 60], ids=["a little over", "far over", "more than all files may have"])
    def test_a_sender_over_the_limit_sees_the_answer_and_not_a_reset(
        self, server: Server, tools: Toolbox, megabytes: int
    ) -> None:
        status, answer = server.post(large(megabytes), length_of_large(megabytes))
        assert (status, answer["error"]) == (413, "File size exceeds 2MB limit")
        assert incoming(tools) == []
        assert server.post([HEAD % b"x.flac", SOUND, END], None)[0] == 201  # and the server goes on

    def test_far_too_much_without_a_length_ends_at_the_limit(self, server: Server, tools: Toolbox) -> None:
        status, answer = server.post(large(50), None)
        assert (status, answer["error"]) == (413, "File size exceeds 2MB limit")
        assert incoming(tools) == []

    def test_a_file_over_the_limit_holds_up_no_other(self, alices: Browser, tools: Toolbox) -> None:
        answer = send(alices, {"a.flac": SOUND, "big.wav": BLOCK * 3, "b.flac": SOUND}, accept="text/html")
        assert answer.status_code == 303
        assert "big.wav: File size exceeds 2MB limit" in alices.get("/transcripts").text
        assert count() == 2
        assert incoming(tools) == []


def test_more_than_twenty_files_at_once_are_refused(alices: Browser, tools: Toolbox) -> None:
    answer = send(alices, {f"{n}.flac": SOUND for n in range(21)})
    assert (answer.status_code, answer.get_json()["error"][:27]) == (400, "More than 20 files at once.")
    assert (count(), incoming(tools)) == (0, [])


def test_a_form_without_a_file_says_so(alices: Browser) -> None:
    headers = {"Accept": "application/json", "X-CSRFToken": alices.token()}
    for data in ({"engine": "fake"}, {"file": (io.BytesIO(b""), "")}):
        answer = alices.post("/transcripts", data=data, headers=headers, content_type="multipart/form-data")
        assert (answer.status_code, answer.get_json()["error"]) == (400, "No file provided")


def test_a_body_that_is_cut_off_is_refused_and_leaves_nothing(alices: Browser, tools: Toolbox) -> None:
    headers = {"Accept": "application/json", "Content-Type": "multipart/form-data; boundary=x", "X-CSRFToken": alices.token()}
    answer = alices.post("/transcripts", data=HEAD % b"cut.flac" + SOUND[:5_000], headers=headers)
    assert answer.status_code == 400
    assert (count(), incoming(tools)) == (0, [])


def test_a_field_called_files_is_as_good(alices: Browser) -> None:
    answer = alices.send("/transcripts", {"engine": "fake", "files": (io.BytesIO(SOUND), "one.flac")})
    assert answer.status_code == 303
    assert count() == 1
