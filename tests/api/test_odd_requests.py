"""Requests that no sane client sends: each is refused in the words of its family, and none breaks anything."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from werkzeug.test import TestResponse

from tests import factories
from tests.api.conftest import Api, CallerOf
from tests.conftest import FIXTURES
from tests.test_routes import UNSAFE, rules, sample
from textor.api import errors
from textor.doorstep import uploads
from textor.models import User

TEXTS = "/api/transcribe/"
SEARCH = "/api/transcribe/search"
STATUS = "/api/transcribe/status/"
UPLOAD = "/api/transcribe/upload"
HUGE = str(10**30)
BOUNDARY = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


class Endless(io.RawIOBase):
    """A body that has as much as anybody reads, and counts it."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.read_bytes += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)


@pytest.fixture
def program(caller: CallerOf, alice: User) -> Api:
    return caller(alice)


def refused(answer: TestResponse, *statuses: int) -> None:
    assert answer.status_code in statuses, f"{answer.request.url} {answer.text}"
    assert answer.is_json


def spoken(owner: User) -> str:
    row = factories.spoken(factories.transcription(owner, status="completed"), "Good morning.")
    return f"{TEXTS}{row.id}"


def test_an_odd_query_is_refused(program: Api) -> None:
    for query in (
        f"page={HUGE}",
        "page=-1",
        "page=1e3",
        f"page_size={HUGE}",
        "view=flat&cursor=%00",
        "view=flat&cursor=%ff",
        "status=%00",
    ):
        refused(program.get(f"{TEXTS}?{query}"), 400, 404)


def test_an_odd_search_finds_nothing_or_is_refused(program: Api) -> None:
    for query in ("%00", "%ff%fe", "%ed%a0%80", "%22" * 3000, "a" * 5000, "a&q=b", "(*", "%22%00%22"):
        refused(program.get(f"{SEARCH}?q={query}"), 200, 400)


def test_an_odd_id_is_no_job(program: Api) -> None:
    for job_id in ("%00", "%ff", "%ed%a0%80", HUGE, "a" * 3000, "{}", "'--"):
        answer = program.get(STATUS + job_id)
        assert (answer.status_code, answer.get_json()["status"]) == (200, "not_found")


def test_a_number_that_no_database_holds_names_nothing(program: Api, alice: User) -> None:
    row = spoken(alice)
    for n in (2**31, 2**63, HUGE):
        refused(program.patch(f"{row}/segments/{n}", json={"version": 0, "text": "x"}), 404)
        refused(program.post(f"{row}/restore/{n}", json={"version": 0}), 404)
        refused(program.post(f"/hooks/{n}/proof"), 404)


def test_an_odd_version_is_refused(program: Api, alice: User) -> None:
    row = spoken(alice)
    odd: list[Any] = [2**63, HUGE, 1e308, True, None, -1, 0.5, [], {}]
    for version in odd:
        refused(program.patch(f"{row}/segments/0", json={"version": version, "text": "Hello."}), 400)


def test_a_whole_number_is_a_version_however_it_is_written(program: Api, alice: User) -> None:
    assert program.patch(f"{spoken(alice)}/segments/0", json={"version": 0.0, "text": "Hello."}).status_code == 200


def test_an_odd_correction_breaks_nothing(program: Api, alice: User) -> None:
    for text in ("a\x00b", "\x1b[31m", "\u202e", "x" * 20_000, "😀" * 3000):
        row = spoken(alice)
        refused(program.patch(f"{row}/segments/0", json={"version": 0, "text": text}), 200, 400)
        refused(program.get(row), 200)


def test_a_form_without_a_file_is_refused(program: Api) -> None:
    text = PART % (b"file", b"text") + b"--b--\r\n"
    for path in (UPLOAD, TEXTS, "/v1/audio/transcriptions"):
        for body in (b"", b"--b--\r\n", b"--b\r\n", b"nothing of the kind", text, b"\xff" * 100):
            refused(program.post(path, data=body, content_type=BOUNDARY), 400)


def test_an_upload_that_is_no_form_is_refused(program: Api) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data", "", "multipart/form-data; boundary=", "\x00"):
        refused(program.post(UPLOAD, data=b"{}", content_type=kind), 400, 415)


def test_odd_fields_beside_a_sound_break_nothing(program: Api) -> None:
    sound = (FIXTURES / "sample.flac").read_bytes()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\x00b\xff.flac"\r\n\r\n'
    odd = {b"title": (b"a\x00b", b"\xff\xfe", b"\xed\xa0\x80"), b"engine": (b"\x00",), b"speaker_count": (HUGE.encode(), b"2.5")}
    for field, value in ((field, value) for field, values in odd.items() for value in values):
        body = PART % (field, value) * 2 + head + sound + b"\r\n--b--\r\n"
        refused(program.post(UPLOAD, data=body, content_type=BOUNDARY), 200, 400)
    refused(program.get(TEXTS), 200)


def test_odd_json_is_refused_in_words(stranger: Api) -> None:
    odd = (b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b'{"a":1}{', b'{"email":"\\ud800"}', b'{"email":1}', b"[" * 10_000)
    accounts = ("/api/v1/accounts/login", "/api/v1/accounts/registration", "/api/v1/accounts/token-refresh", "/api/auth/login")
    for path, body in ((path, body) for path in accounts for body in odd):
        refused(stranger.post(path, data=body, content_type="application/json"), 400)


@pytest.fixture
def undrained() -> Iterator[None]:
    """Whoever is refused is not listened to any further."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "DRAINED_BYTES", 0)
        yield


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", BOUNDARY])
def test_no_call_holds_a_body_that_is_far_larger_than_it_needs(
    app: APIFlask, alice: User, caller: CallerOf, undrained: None, kind: str
) -> None:
    program = caller(alice)
    for rule in (rule for rule in rules(app) if errors.is_ours(rule.rule) and "logout" not in rule.rule):
        for method in (rule.methods or set()) & UNSAFE:
            body, headers = Endless(), {"Idempotency-Key": f"{method} {rule}"}
            given = {"wsgi.input": body, "CONTENT_LENGTH": "20000000"}
            answer = program.call(method, sample(app, rule), headers=headers, content_type=kind, environ_overrides=given)
            assert answer.status_code < 500, rule
            assert body.read_bytes <= 2_500_000, rule


def test_odd_credentials_are_no_good(stranger: Api) -> None:
    for header in ("Bearer \xff", "Bearer", "", "Token a b c", "Bearer " + "x" * 10_000, "Basic \x80"):
        refused(stranger.get(TEXTS, headers={"Authorization": header}), 401)


def test_methods_that_are_not_taken_are_refused_as_json(program: Api) -> None:
    for path in (UPLOAD, "/v1/models", "/api/v1/accounts/user", "/health"):
        for method in ("TRACE", "PROPFIND", "PUT"):
            answer = program.call(method, path)
            refused(answer, 405)
            assert answer.headers["Allow"]


@pytest.mark.parametrize("path", [UPLOAD, "/api/v1/accounts/login", "/v1/audio/transcriptions"])
@pytest.mark.parametrize("pieces", [b"ZZ\r\nno size\r\n", b"5\r\n12345no end of it\r\n"])
def test_pieces_that_the_server_cannot_make_out_are_the_senders_fault(program: Api, path: str, pieces: bytes) -> None:
    kind = BOUNDARY if "accounts" not in path else "application/json"
    sent = {"wsgi.input": Body(ChunkedReader(None, IterUnreader([pieces]))), "wsgi.input_terminated": True}
    chunked = {"Transfer-Encoding": "chunked", "Content-Type": kind}
    refused(program.post(path, headers=chunked, environ_overrides=sent), 400)


def test_what_a_form_leaves_empty_is_not_said(program: Api) -> None:
    assert program.get(f"{TEXTS}?status=&page=&page_size=").status_code == 200
