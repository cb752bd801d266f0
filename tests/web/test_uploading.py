"""Files coming in from the dashboard, by script and by plain form."""

import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.web.conftest import Browser
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import Transcription, User

JSON = {"Accept": "application/json"}
SOUND = sample.FILE.read_bytes()


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Transcription)) or 0


def form(*files: tuple[bytes, str], **fields: str) -> dict[str, object]:
    return {"engine": "fake", **fields, "file": [(io.BytesIO(data), name) for data, name in files]}


def test_a_file_sent_by_script_answers_with_its_transcript(alices: Browser) -> None:
    headers = {**JSON, "X-CSRFToken": alices.token()}
    answer = alices.post("/transcripts", data=form((SOUND, "meeting.flac"), language="en"), headers=headers)
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["title"] == "meeting"
    assert alices.get(body["url"]).status_code == 200


def test_a_refusal_is_told_to_the_script_in_words(alices: Browser) -> None:
    headers = {**JSON, "X-CSRFToken": alices.token()}
    for data, name in ((b"", "empty.mp3"), (b"<html>", "page.mp3")):
        answer = alices.post("/transcripts", data=form((data, name)), headers=headers)
        assert answer.status_code == 400
        assert answer.get_json()["error"]
    assert count() == 0


def test_several_files_of_a_plain_form_are_taken_each_on_its_own(alices: Browser) -> None:
    answer = alices.send("/transcripts", form((SOUND, "one.flac"), (b"no sound", "notes.txt"), (SOUND, "two.flac")))
    assert answer.status_code == 303
    page = alices.get("/transcripts").text
    assert "Uploaded 2 files." in page
    assert "notes.txt:" in page
    assert count() == 2


def test_an_upload_without_a_token_is_refused_by_form_and_by_script(alices: Browser) -> None:
    assert alices.post("/transcripts", data=form((SOUND, "one.flac"))).status_code == 400
    assert (
        alices.post("/transcripts", data=form((SOUND, "one.flac")), headers=JSON)
        .get_json()["error"]
        .startswith("This page was open")
    )
    assert count() == 0


def test_a_slow_upload_holds_no_connection_to_the_database(alices: Browser) -> None:
    headers = {"X-CSRFToken": alices.token(), "Content-Type": "multipart/form-data; boundary=x", **JSON}
    db.session.rollback()
    idle, seen = db.engine.pool.status(), []

    class Body(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            seen.append(db.engine.pool.status())
            return super().readinto(buffer)

    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
    headers["Content-Length"] = str(len(body))
    assert alices.post("/transcripts", input_stream=Body(body), headers=headers).status_code == 400
    assert set(seen) == {idle}


def test_a_strangers_body_is_not_read(gina: Browser) -> None:
    class Body(io.BytesIO):
        def read(self, *args: int | None) -> bytes:
            raise AssertionError("the body of a stranger was read")

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000", **JSON}
    answer = gina.post("/transcripts", input_stream=Body(), headers=headers)
    assert answer.status_code == 401
    assert answer.get_json()["login"] == "/login"


@pytest.mark.parametrize(("field", "value"), [("engine", "nonsense"), ("language", "klingon"), ("engine", "fake:huge")])
def test_a_choice_that_can_not_be_honoured_is_refused_aloud(alices: Browser, field: str, value: str) -> None:
    headers = {**JSON, "X-CSRFToken": alices.token()}
    answer = alices.post("/transcripts", data=form((SOUND, "one.flac"), **{field: value}), headers=headers)
    assert answer.status_code == 400
    assert count() == 0


def test_the_choice_is_offered_again(alices: Browser, alice: User) -> None:
    headers = {**JSON, "X-CSRFToken": alices.token()}
    alices.post("/transcripts", data=form((SOUND, "one.flac"), language="fa"), headers=headers)
    page = alices.get("/transcripts").text
    assert '<option value="fake" selected' in page
    chosen = page.split('<option value="fa"')[2]
    assert " selected" in chosen.split(">")[0] or " selected" in page.split('<option value="fa"')[1].split(">")[0]


def test_one_click_makes_a_transcript_of_the_sample(alices: Browser) -> None:
    answer = alices.send("/transcripts/sample")
    assert answer.status_code == 303
    page = alices.get(answer.location).text
    assert "Sample recording" in page
    assert count() == 1


class TestSmallLimit:
    @pytest.fixture
    def environ(self, environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
        return {**environ, "MAX_UPLOAD_MB": "1"}

    def test_a_file_over_the_limit_is_refused_with_the_limit(self, alices: Browser) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.wav"\r\n\r\n'
        headers = {**JSON, "X-CSRFToken": alices.token(), "Content-Type": "multipart/form-data; boundary=x"}
        answer = alices.post("/transcripts", data=head + b"x" * 1_000_001 + b"\r\n--x--\r\n", headers=headers)
        assert answer.status_code == 413
        assert "1MB" in answer.get_json()["error"]
        assert "up to 1 MB each" in alices.get("/transcripts").text


def test_other_forms_are_small(alices: Browser) -> None:
    answer = alices.post("/account/preferences", data={"csrf_token": "x", "language": "e" * 1_100_000})
    assert answer.status_code == 413
