"""The seam for outbound HTTP, against servers on loopback that behave as badly as servers do."""

import gzip
import logging
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.adapters.rough_servers import SOUND, dripping, own_certificate, serving
from textor.adapters.http_client import Answer, HttpClient
from textor.errors import Unreachable

KEY = "Bearer a-key-of-ours"


def client(url: str, **limits: Any) -> HttpClient:
    return HttpClient("Somebody", url, {"Authorization": KEY}, **limits)


def failure(ask: Callable[[], object]) -> Unreachable:
    with pytest.raises(Unreachable) as failed:
        ask()
    return failed.value


def test_an_answer_comes_as_it_is_whatever_its_status() -> None:
    with serving(b'HTTP/1.1 418 No\r\nX-Note: tea\r\nContent-Length: 7\r\n\r\n{"a":1}') as server:
        answer = client(server.url).send("POST", "/pot", json={"b": 2})
    assert (answer.status, answer.headers["x-note"], answer.json(), answer.text()) == (418, "tea", {"a": 1}, '{"a":1}')
    assert server.asked[0].startswith("POST /pot ")
    assert f"authorization: {KEY}".lower() in server.asked[0].lower()


def test_paths_are_joined_to_the_base() -> None:
    with serving(SOUND) as server:
        client(f"{server.url}/v1").send("GET", "/jobs/1")
    assert server.asked[0].startswith("GET /v1/jobs/1 ")


def test_a_secret_that_a_server_repeats_is_taken_out_of_its_answer() -> None:
    with serving(b"HTTP/1.1 401 No\r\nContent-Length: 16\r\n\r\nbad key: s3cr3t!") as server:
        refused = client(server.url, secret="s3cr3t").send("GET", "/")
        assert refused.text() == "bad key: !"
        assert "s3cr3t" not in repr(client(server.url, secret="s3cr3t"))
        assert client(server.url).send("GET", "/").text() == "bad key: s3cr3t!"


@pytest.mark.parametrize("path", ["//other.example/x", "https:other.example/x", "/x?next=https://other.example"])
def test_only_a_whole_address_leads_elsewhere(path: str) -> None:
    with serving(SOUND) as server:
        client(server.url).send("GET", path)
    assert (server.callers, KEY in server.asked[0]) == (1, True)


def test_another_server_gets_no_key_and_no_cookie() -> None:
    with serving(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n") as server:
        ours = client(server.url)
        ours.send("GET", "/")
        ours.send("GET", f"{server.url}/result".replace("http", "HTTP", 1))
    assert "authorization" not in server.asked[1].lower()
    assert "cookie" not in server.asked[1].lower()


def test_a_redirect_is_an_answer_and_nothing_to_follow() -> None:
    with (
        serving(SOUND) as other,
        serving(f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()) as server,
    ):
        assert client(server.url).send("GET", "/").status == 302
        assert other.callers == 0


def test_a_silent_server_is_given_up() -> None:
    def play(caller: socket.socket) -> None:
        server.over.wait(20)

    with serving(play) as server:
        error = failure(lambda: client(server.url, seconds=0.2).send("GET", "/"))
    assert error.message == "Somebody did not answer in time."


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_a_server_that_drips_is_given_up(head: bytes) -> None:
    with dripping(head) as server:
        began = time.monotonic()
        error = failure(lambda: client(server.url, seconds=5, answer_seconds=0.5).send("GET", "/"))
    assert error.message == "Somebody took too long to answer."
    assert 0.4 < time.monotonic() - began < 4


def test_after_one_that_dripped_the_next_answer_is_heard_and_the_next_fault_told_as_it_is() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nX-Long: ") as server:
        ours = client(server.url, answer_seconds=0.2)
        failure(lambda: ours.send("GET", "/"))
        server.play = lambda caller: None
        assert failure(lambda: ours.send("GET", "/")).message == "Somebody could not be reached."
        server.play = server.saying(SOUND)
        assert ours.send("GET", "/").json() == {}


def test_no_more_is_read_than_allowed() -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000) as server:
        error = failure(lambda: client(server.url, max_bytes=2_000_000).send("GET", "/"))
    assert error.message == "Somebody answered with more than 2 MB."


def test_what_is_packed_small_counts_unpacked() -> None:
    packed = gzip.compress(b"x" * 3_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with serving(head + packed) as server:
        assert "more than 2 MB" in failure(lambda: client(server.url, max_bytes=2_000_000).send("GET", "/")).message


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
    ],
)
def test_an_answer_that_breaks_off_is_none(said: bytes) -> None:
    def play(caller: socket.socket) -> None:
        server.heard(caller)
        caller.sendall(said)

    with serving(play) as server:
        assert failure(lambda: client(server.url).send("GET", "/")).message == "Somebody could not be reached."


def test_nobody_at_the_address_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert failure(lambda: client(url).send("GET", "/")).message == "Somebody could not be reached."


@pytest.mark.parametrize("url", ["http://127.0.0.1:no-port", "nowhere", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    assert failure(lambda: client(url).send("GET", "/")).message == "Somebody has no address that can be asked."


@pytest.mark.parametrize("key", ["a\nkey", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_said_without_showing_it(key: str) -> None:
    with serving(SOUND) as server:
        error = failure(lambda: HttpClient("Somebody", server.url, {"Authorization": key}).send("GET", "/"))
    assert (error.message, server.asked) == ("Somebody can't be asked with such a key. Ask the operator to correct it.", [])


def test_a_certificate_of_its_own_making_is_not_trusted(tmp_path: Path) -> None:
    context = own_certificate(tmp_path)

    def play(caller: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(caller, server_side=True) as safe:
            server.heard(safe)

    with serving(play) as server:
        error = failure(lambda: client(server.url.replace("http", "https")).send("GET", "/"))
    assert (error.message, server.asked) == ("Somebody's certificate could not be verified.", [])


def test_one_that_drips_behind_tls_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))

    def play(caller: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(caller, server_side=True) as safe:
            server.heard(safe)
            while not server.over.wait(0.05):
                safe.sendall(b"H")

    with serving(play) as server:
        error = failure(lambda: client(server.url.replace("http", "https"), answer_seconds=0.3).send("GET", "/"))
    assert (error.message, len(server.asked)) == ("Somebody took too long to answer.", 1)


def test_calls_one_after_another_use_one_connection() -> None:
    with serving(SOUND) as server:
        ours = client(server.url)
        for _ in range(5):
            ours.send("GET", "/")
    assert (server.callers, len(server.asked)) == (1, 5)


def test_calls_at_once_do_not_wait_for_each_other() -> None:
    def play(caller: socket.socket) -> None:
        while server.heard(caller):
            time.sleep(0.2)  # what a server takes to think: one after the other would show
            caller.sendall(SOUND)

    with serving(play) as server, ThreadPoolExecutor(32) as pool:
        ours = client(server.url)
        began = time.monotonic()
        answers = list(pool.map(lambda _: ours.send("GET", "/").status, range(64)))
        assert time.monotonic() - began < 5
    assert (answers, len(ours._idle[os.getpid()]) <= 32) == ([200] * 64, True)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # Python warns since 3.12; RQ forks all the same
def test_a_forked_child_makes_its_own_connection() -> None:
    with serving(SOUND) as server:
        ours = client(server.url)
        ours.send("GET", "/")
        child = os.fork()
        if child == 0:
            with suppress(BaseException):  # a child that goes on would run the rest of the suite
                os._exit(0 if ours.send("GET", "/").status == 200 and len(ours._idle[os.getpid()]) == 1 else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert (ours.send("GET", "/").status, server.callers) == (200, 2)


def test_its_connections_end_with_it() -> None:
    ended = Event()

    def play(caller: socket.socket) -> None:
        while server.heard(caller):
            caller.sendall(SOUND)
        ended.set()

    with serving(play) as server:
        client(server.url).send("GET", "/")
        assert ended.wait(5)


def test_headers_reach_no_repr_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(b"HTTP/1.1 200 OK\r\nX-Session: theirs\r\nContent-Length: 6\r\n\r\nsecret") as server:
        ours = client(server.url)
        answer = ours.send("POST", "/", headers={"X-Also": "mine-alone"}, data={"token": "in-the-body"})
        server.play = lambda caller: None
        error = failure(lambda: HttpClient("Somebody", server.url, ours.headers).send("GET", "/"))
    shown = f"{ours!r} {answer!r} {error!r} {error} {error.__cause__!r} {caplog.text}"
    assert caplog.text
    assert not [word for word in (KEY, "a-key-of-ours", "mine-alone", "in-the-body") if word in shown]
    assert "secret" not in repr(answer) and "theirs" not in repr(answer)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe\xfd", b"[" * 100_000, b"9" * 10_000])
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert Answer(200, {}, body).json() is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (" 30 ", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٧", None),
        ("1.5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", 0.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Mon, 20 Nov 1995 19:12:08 +99999999999999", None),
    ],
)
def test_when_to_come_back_is_told_as_a_number_or_a_date(said: str, seconds: float | None) -> None:
    assert Answer(429, {"retry-after": said}, b"").retry_after == seconds


def test_a_date_ahead_is_a_time_from_now() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 85 < (Answer(503, {"retry-after": then}, b"").retry_after or 0) <= 90
    assert Answer(503, {}, b"").retry_after is None
