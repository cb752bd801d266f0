"""One transcript's page, its audio and its title."""

import json
import re
from pathlib import Path

import pytest

from tests import factories
from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.models import Recording, SegmentRow, Transcription, User
from textor.toolbox import Toolbox


@pytest.fixture
def stored(tools: Toolbox, alice: User, tmp_path: Path) -> Transcription:
    """A transcript whose audio is 1000 known bytes."""
    source = tmp_path / "tone.wav"
    source.write_bytes(bytes(range(250)) * 4)
    recording = factories.stored_recording(tools, alice, source, title="Tone", filename='tone "ä".wav')
    return factories.transcription(alice, recording, status="completed")


def path(row: Transcription) -> str:
    return f"/transcripts/{row.id}"


def test_it_shows_who_said_what_when(alices: Browser, finished: Transcription) -> None:
    page = alices.get(path(finished)).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "Hello there." in text
    assert "Speaker 1" in text
    assert "I am the second one." in text
    assert 'data-s="3.0"' in page
    assert '<span class="w lo" data-s="7.5">second</span>' in page


def test_what_was_said_is_text_and_never_markup(alices: Browser, finished: Transcription) -> None:
    page = alices.get(path(finished)).text
    assert "<b>who</b>" not in page
    assert "&lt;b&gt;who&lt;/b&gt;" in page


def test_a_script_end_in_a_speakers_name_does_not_end_the_data(alices: Browser, finished: Transcription) -> None:
    page = alices.get(path(finished)).text
    data = re.search(r'<script type="application/json" id="peaks">(.*?)</script>', page, re.DOTALL)
    assert data
    waveform = json.loads(data[1])
    assert waveform["turns"] == [[0.0, 2.0, 1], [3.0, 5.0, 2], [6.0, 8.0, 2]]
    assert waveform["peaks"] == [0.0, 1.0]


def test_it_counts(alices: Browser, finished: Transcription) -> None:
    page = re.sub(r"\s+", " ", alices.get(path(finished)).text)
    assert '<dt>Words</dt><dd class="num">' in page
    assert "67%" in page
    assert "33%" in page


def test_each_text_goes_in_its_own_direction(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, status="completed", language="fa")
    db.session.add(SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="سلام دنیا", words=[]))
    db.session.commit()
    page = re.sub(r"\s+", " ", alices.get(path(row)).text)
    assert '<p class="said" dir="auto" lang="fa">سلام دنیا</p>' in page


def test_a_waiting_ones_place_is_told_anew_when_it_moves_up(alices: Browser, alice: User) -> None:
    ahead, row = factories.transcription(alice), factories.transcription(alice)
    tag = alices.get(path(row), headers=HTMX).headers["ETag"]
    ahead.status = "cancelled"
    db.session.commit()
    assert alices.get(path(row), headers={**HTMX, "If-None-Match": tag}).status_code == 200


def test_while_it_runs_the_text_so_far_is_shown_and_asked_for_again(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, status="processing", active_for=alice.id, progress=50.0)
    db.session.add(SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="first words", words=[]))
    db.session.commit()
    page = alices.get(path(row)).text
    assert "first words" in page
    assert "Transcribing, 50%" in page
    assert 'hx-trigger="every 2s"' in page
    first = alices.get(path(row), headers=HTMX)
    assert first.text.lstrip().startswith('<div class="script"')
    assert alices.get(path(row), headers={**HTMX, "If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_finished_one_is_not_polled_and_offers_every_format(alices: Browser, finished: Transcription, tools: Toolbox) -> None:
    page = alices.get(path(finished)).text
    assert "every 2s" not in page
    for name, kind in tools.formats.items():
        assert (f"{path(finished)}/download/{name}" in page) == (kind.missing() is None)


def test_a_failed_one_says_why_and_offers_another_try(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, status="failed", error="The engine is out of breath.")
    page = alices.get(path(row)).text
    assert "The engine is out of breath." in page
    assert f'action="{path(row)}/retry"' in page


def test_silence_is_said(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, status="completed")
    assert "No speech was found in this recording." in alices.get(path(row)).text


def test_it_can_be_renamed(alices: Browser, finished: Transcription) -> None:
    assert alices.send(path(finished) + "/rename", {"title": "  A\x00 new\nname "}).status_code == 303
    db.session.expire_all()
    assert finished.recording.title == "A new name"
    assert alices.send(path(finished) + "/rename", {"title": " "}).status_code == 400


def test_the_whole_audio_is_sent_with_its_length_and_tag(alices: Browser, stored: Transcription) -> None:
    answer = alices.get(path(stored) + "/audio")
    assert answer.status_code == 200
    assert answer.data == bytes(range(250)) * 4
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_length == 1000
    assert answer.content_type == "audio/wav"
    assert "filename*=UTF-8''tone%20%22%C3%A4%22.wav" in answer.headers["Content-Disposition"]
    assert alices.get(path(stored) + "/audio", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=990-", 990, 999), ("bytes=-5", 995, 999), ("bytes=10-5000", 10, 999)],
)
def test_a_range_of_the_audio_is_sent(alices: Browser, stored: Transcription, wanted: str, first: int, last: int) -> None:
    answer = alices.get(path(stored) + "/audio", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/1000"
    assert answer.data == (bytes(range(250)) * 4)[first : last + 1]


def test_a_range_behind_the_end_is_refused(alices: Browser, stored: Transcription) -> None:
    answer = alices.get(path(stored) + "/audio", headers={"Range": "bytes=1000-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize(
    "headers", [{"Range": "lines=1-2"}, {"Range": "bytes=0-1,5-6"}, {"Range": "bytes=0-9", "If-Range": '"other"'}]
)
def test_ranges_that_do_not_hold_get_the_whole(alices: Browser, stored: Transcription, headers: dict[str, str]) -> None:
    assert alices.get(path(stored) + "/audio", headers=headers).status_code == 200


def test_what_is_not_sound_is_never_shown_by_the_browser(alices: Browser, stored: Transcription) -> None:
    db.session.get_one(Recording, stored.recording_id).media_type = "text/html"
    db.session.commit()
    assert alices.get(path(stored) + "/audio").content_type == "application/octet-stream"


def test_a_transcript_is_downloaded_under_its_title(alices: Browser, finished: Transcription) -> None:
    answer = alices.get(path(finished) + "/download/srt")
    assert answer.status_code == 200
    assert "Interview.srt" in answer.headers["Content-Disposition"]
    assert "00:00:03,000 --> 00:00:05,000" in answer.text


def test_an_unknown_format_is_not_found(alices: Browser, finished: Transcription) -> None:
    assert alices.get(path(finished) + "/download/exe").status_code == 404


def test_there_is_nothing_to_download_before_it_is_finished(alices: Browser, alice: User) -> None:
    assert alices.get(path(factories.transcription(alice)) + "/download/txt").status_code == 409
