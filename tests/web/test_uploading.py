"""Files coming in from the dashboard, by script and by plain form."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.fakes import remote_engine
from tests.web.conftest import Browser
from textor.adapters.stt.port import Engine, Model
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import Transcription, User
from textor.toolbox import Toolbox

JSON = {"Accept": "application/json"}
SOUND = sample.FILE.read_bytes()


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Transcription)) or 0


def add(tools: Toolbox, engine: Engine) -> None:
    assert isinstance(tools.engines, dict)
    tools.engines[engine.name] = engine


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


def test_what_is_known_of_a_recording_goes_with_it(alices: Browser, tools: Toolbox) -> None:
    add(tools, remote_engine("picky", vocabulary=True, speaker_count=True))
    known = {"engine": "picky", "diarize": "1", "vocabulary": " Textor \r\n\r\nVazirmatn\nTextor", "speaker_count": "۳"}
    headers = {**JSON, "X-CSRFToken": alices.token()}
    assert alices.post("/transcripts", data=form((SOUND, "one.flac"), **known), headers=headers).status_code == 201
    row = db.session.scalars(select(Transcription)).one()
    assert (row.vocabulary, row.speaker_count) == (["Textor", "Vazirmatn"], 3)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"vocabulary": "Textor"}, "Fake takes no vocabulary hints."),
        ({"speaker_count": "2", "diarize": "1"}, "Fake can't be told how many people speak."),
        ({"speaker_count": "many", "diarize": "1"}, "The number of speakers is a whole number from 1 to 32."),
        ({"speaker_count": "2"}, "The number of speakers says something only with speaker labels. Turn them on."),
        ({"vocabulary": "\n".join(map(str, range(201)))}, "At most 200 vocabulary hints can be given."),
        ({"vocabulary": "x" * 101}, "A vocabulary hint has at most 100 characters."),
    ],
)
def test_hints_that_can_not_be_honoured_are_refused_by_script(alices: Browser, values: dict[str, str], sentence: str) -> None:
    headers = {**JSON, "X-CSRFToken": alices.token()}
    answer = alices.post("/transcripts", data=form((SOUND, "one.flac"), **values), headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (400, sentence)
    assert count() == 0


def test_a_refusal_is_told_in_the_language_of_the_page(alices: Browser, alice: User) -> None:
    alice.ui_language = "fa"
    db.session.commit()
    headers = {**JSON, "X-CSRFToken": alices.token()}
    answer = alices.post("/transcripts", data=form((SOUND, "one.flac"), vocabulary="Textor"), headers=headers)
    assert answer.get_json()["error"] == "\u200fFake واژهٔ راهنما نمی‌پذیرد."


def test_a_plain_form_that_is_refused_comes_back_as_it_was_typed(alices: Browser) -> None:
    typed = {"engine": "fake_remote", "language": "de", "vocabulary": "Grüße\n<b>Textor</b>", "speaker_count": "4"}
    answer = alices.send("/transcripts", form((SOUND, "one.flac"), **typed))
    assert answer.status_code == 400
    assert "The number of speakers says something only with speaker labels." in answer.text
    upload = answer.text.split('id="upload"')[1].split("</form>")[0]
    assert "Grüße\n&lt;b&gt;Textor&lt;/b&gt;</textarea>" in upload
    assert 'value="4"' in upload
    assert re.search(r'<option value="fake_remote" selected', upload)
    assert re.search(r'<option value="de"[^>]* selected', upload)
    assert not re.search(r'name="diarize"[^>]*checked', upload)


def test_what_an_engine_can_not_do_is_said_before_it_is_chosen(alices: Browser, tools: Toolbox) -> None:
    persian = frozenset({"fa"})
    add(tools, remote_engine("picky", languages=persian, segment_times=False, max_bytes=25_000_000, usd_per_hour=0.36))
    tools.engines["picky"].models = lambda: [Model("old", "Old", shutdown_date="2027-02-26")]  # type: ignore[method-assign]  # a fake's
    said = " ".join(alices.get("/transcripts").text.split('data-choices="picky:old"')[1].split("</dd>")[0].split())
    for fact in (
        "Persian only",
        "No times: timed by parts of up to 30 seconds",
        "Doesn't tell speakers apart on one channel",
        "Takes no vocabulary hints",
        "$0.36 an hour",
        "switches this model off on 26 Feb 2027",
    ):
        assert fact in said
    assert "at once" not in said  # no limit matters to parts of half a minute


def test_how_much_an_engine_takes_at_once_is_said(alices: Browser, tools: Toolbox) -> None:
    add(tools, remote_engine("picky", max_bytes=25_000_000, max_seconds=600.0))
    said = alices.get("/transcripts").text.split('data-choices="picky"')[1].split("</dd>")[0]
    assert "Up to 25 MB and 10:00 at once; Textor compresses and cuts what is more" in said


def test_models_that_are_alike_are_told_once(alices: Browser, tools: Toolbox) -> None:
    add(tools, remote_engine("picky"))
    tools.engines["picky"].models = lambda: [Model("a", "A"), Model("b", "B")]  # type: ignore[method-assign]  # a fake's
    assert 'data-choices="picky:a picky:b"' in alices.get("/transcripts").text
