"""Taking a transcript away as a file."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests.web.conftest import Browser
from textor.adapters.exports.txt import PlainText
from textor.bootstrap import EXTENSION
from textor.extensions import db
from textor.features.recordings import exports
from textor.models import Job, Transcription
from textor.toolbox import Toolbox


class HeavyText(PlainText):
    """Every text is too long for it."""

    is_heavy = True
    large_characters = 0


@pytest.fixture
def heavy(app: APIFlask, tools: Toolbox) -> Toolbox:
    """An app whose plain text is made by the worker."""
    changed = replace(tools, formats={**tools.formats, "txt": HeavyText()})
    app.extensions[EXTENSION] = changed
    return changed


def path(row: Transcription, name: str) -> str:
    return f"/transcripts/{row.id}/download/{name}"


def test_a_file_is_an_attachment_of_known_length(alices: Browser, finished: Transcription) -> None:
    answer = alices.get(path(finished, "txt"))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Interview.txt"')
    assert answer.content_length == len(answer.data)
    assert answer.mimetype == "text/plain"
    assert "no-store" in answer.headers["Cache-Control"]


def test_its_name_may_be_persian(alices: Browser, finished: Transcription) -> None:
    finished.recording.title = 'گزارش "جلسه"\r\n/۱'
    db.session.commit()
    header = alices.get(path(finished, "srt")).headers["Content-Disposition"]
    assert header.endswith(f"filename*=UTF-8''{quote('گزارش -جلسه- -۱.srt', safe='')}")


def test_speakers_and_times_can_be_left_out(alices: Browser, finished: Transcription) -> None:
    assert "Speaker 1" in alices.get(path(finished, "txt")).text
    plain = alices.get(path(finished, "txt?speakers=false&timestamps=false")).text
    assert "Speaker 1" not in plain
    assert "[" not in plain


def test_an_option_that_is_no_option_is_a_400(alices: Browser, finished: Transcription) -> None:
    assert alices.get(path(finished, "txt?speakers=maybe")).status_code == 400


def test_a_large_one_has_a_page_that_waits_without_script(alices: Browser, finished: Transcription, heavy: Toolbox) -> None:
    page = alices.get(path(finished, "txt"))
    assert page.status_code == 202
    assert page.headers["Refresh"] == "2"
    assert "Preparing the file" in page.text
    assert f"/transcripts/{finished.id}" in page.text


def test_and_is_sent_when_the_page_asks_again(alices: Browser, finished: Transcription, heavy: Toolbox) -> None:
    alices.get(path(finished, "txt"))
    exports.make_export(heavy, db.session.scalars(select(Job.id)).one())
    answer = alices.get(path(finished, "txt"))
    assert answer.status_code == 200
    assert "Hello there." in answer.text
    assert "Refresh" not in answer.headers


def test_bob_does_not_get_it_even_when_it_is_ready(
    alices: Browser, bobs: Browser, finished: Transcription, heavy: Toolbox
) -> None:
    alices.get(path(finished, "txt"))
    exports.make_export(heavy, db.session.scalars(select(Job.id)).one())
    assert bobs.get(path(finished, "txt")).status_code == 404
