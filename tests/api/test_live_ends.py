"""How a live socket ends when the other side is silent, slow or stays for ever, and what is refused before there is one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import parse_headers

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from tests import factories
from tests.api.conftest import KeyOf
from tests.waiting import until
from textor.api import live
from textor.doorstep import leaving, sockets
from textor.extensions import db
from textor.models import ApiKey, Transcription, User

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version": "13",
}
TEXT, CLOSE, PING = 0x81, 0x88, 0x89
"""First bytes of whole frames."""


class Viewer:
    """The other end of a request that is served in a thread: it reads frames, and answers none."""

    def __init__(self, app: APIFlask, path: str, client: FlaskClient | None = None) -> None:
        self.socket, self._served = socket.socketpair()
        self.socket.settimeout(20)
        self._thread = threading.Thread(target=self._serve, args=(app, path, client or app.test_client()), daemon=True)
        self._thread.start()
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        parse_headers(self._file)

    def _serve(self, app: APIFlask, path: str, client: FlaskClient) -> None:
        with app.app_context(), suppress(StopIteration):  # how gunicorn is told that there is nothing to send
            client.get(path, headers=UPGRADE, environ_overrides={"gunicorn.socket": self._served})

    def frame(self) -> tuple[int, bytes]:
        """Its first byte, and what it holds."""
        first, length = self._file.read(2)
        if length == 126:
            length = int.from_bytes(self._file.read(2), "big")
        return first, self._file.read(length)

    def last(self) -> int:
        """With which code it closes."""
        while True:
            first, content = self.frame()
            if first == CLOSE:
                return int.from_bytes(content[:2], "big")

    def left(self) -> bool:
        """Whether nobody serves it any more."""
        self._thread.join(20)
        return not self._thread.is_alive() and self._served.fileno() != -1

    def close(self) -> None:
        self._file.close()
        self.socket.close()
        self._thread.join(20)
        self._served.close()


@pytest.fixture
def path(alice: User, row: Transcription, key_of: KeyOf) -> str:
    return f"/api/transcribe/live/{row.id}?api_key={key_of(alice)}"


@pytest.fixture
def row(alice: User) -> Transcription:
    return factories.transcription(alice, status="processing", active_for=alice.id)


@pytest.fixture
def terms(app: APIFlask) -> live.Terms:
    terms: live.Terms = app.extensions[live.__name__]
    return terms


@pytest.fixture
def wary(app: APIFlask, terms: live.Terms) -> None:
    """It is often looked whether credentials are still good, and nothing else ends a socket."""
    terms.check_seconds = 0.1
    app.config["SOCK_SERVER_OPTIONS"] = {**sockets.OPTIONS, "ping_interval": None}


@pytest.fixture
def ending() -> Iterator[None]:
    """The server is about to stop."""
    before = leaving.process.is_ending
    leaving.process.is_ending = lambda: True
    yield
    leaving.process.is_ending = before


def seats(terms: live.Terms) -> int:
    return -terms.seats._taken.total()


def refused(app: APIFlask, path: str, **headers: str) -> TestResponse:
    served, other = socket.socketpair()
    with closing(served), closing(other):
        return app.test_client().get(path, headers=UPGRADE | headers, environ_overrides={"gunicorn.socket": served})


def test_whoever_answers_no_ping_is_let_go(app: APIFlask, path: str, terms: live.Terms) -> None:
    assert 0 < app.config["SOCK_SERVER_OPTIONS"]["ping_interval"] < 30
    app.config["SOCK_SERVER_OPTIONS"] = {**sockets.OPTIONS, "ping_interval": 0.5}
    free = seats(terms)
    with closing(Viewer(app, path)) as viewer:
        assert (viewer.status, seats(terms)) == (101, free - 1)
        assert {viewer.frame()[0], viewer.frame()[0]} == {TEXT, PING}
        assert viewer.last() == 1008
        assert viewer.left()
    assert seats(terms) == free


def test_nobody_follows_for_ever(app: APIFlask, path: str, terms: live.Terms) -> None:
    terms.longest_seconds = 0.1
    with closing(Viewer(app, path)) as viewer:
        assert viewer.last() == 1001


def test_a_key_that_is_revoked_follows_no_longer(app: APIFlask, path: str, wary: None) -> None:
    with closing(Viewer(app, path)) as viewer:
        viewer.frame()
        db.session.execute(update(ApiKey).values(revoked_at=factories.NOW))
        db.session.commit()
        assert viewer.last() == 1008


def test_another_password_ends_what_a_login_follows(app: APIFlask, alice: User, row: Transcription, wary: None) -> None:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session.update(_user_id=alice.session_token, _fresh=True)
    with closing(Viewer(app, f"/api/transcribe/live/{row.id}", browser)) as viewer:
        viewer.frame()
        alice.session_token = "another"
        db.session.commit()
        assert viewer.last() == 1008


def test_a_broken_database_ends_it_as_an_error_of_ours(app: APIFlask, path: str, row: Transcription) -> None:
    with closing(Viewer(app, path)) as viewer:
        viewer.frame()
        db.session.connection().exec_driver_sql("ALTER TABLE transcriptions RENAME TO gone")
        db.session.commit()
        assert viewer.last() == 1011


def test_what_is_sent_to_us_is_thrown_away(app: APIFlask, path: str, terms: live.Terms) -> None:
    terms.longest_seconds = 1.0
    looks: list[str] = []
    with closing(Viewer(app, path)) as viewer:
        viewer.frame()
        event.listen(db.engine, "before_cursor_execute", lambda *args: looks.append(args[2]))
        for _ in range(100):
            viewer.socket.sendall(bytes([TEXT, 0x85, 0, 0, 0, 0]) + b"hello")
        assert viewer.last() == 1001
    assert len(looks) < 10  # it hastens nothing


def test_a_reader_who_takes_nothing_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs), pytest.raises(TimeoutError):
        sockets.Line(ours, seconds=0.1).send(bytes(10_000_000))


@pytest.mark.parametrize("headers", [{"Sec-WebSocket-Version": "12"}, {"Sec-WebSocket-Version": ""}])
def test_another_handshake_is_a_bad_request(app: APIFlask, path: str, headers: dict[str, str], terms: live.Terms) -> None:
    free = seats(terms)
    assert refused(app, path, **headers).status_code == 400
    assert seats(terms) == free


def test_a_plain_request_is_a_bad_request(app: APIFlask, path: str) -> None:
    assert app.test_client().get(path).status_code == 400


def test_a_stopping_server_opens_none(app: APIFlask, path: str, ending: None, terms: live.Terms) -> None:
    free = seats(terms)
    answer = refused(app, path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert seats(terms) == free


def test_nobody_waits_for_who_never_says_goodbye(app: APIFlask, path: str, row: Transcription) -> None:
    with closing(Viewer(app, path)) as viewer:
        viewer.frame()
        row.status, row.active_for = "cancelled", None
        db.session.commit()
        assert viewer.last() == 1000
        until(viewer.left, "the request is over", seconds=5)
    assert not [thread for thread in threading.enumerate() if "simple_websocket" in thread.name]
