"""What an engine told beyond the text, on the transcript's page."""

import re
from typing import Any

from hypothesis import HealthCheck, given, settings

from tests import factories
from tests.domain.test_details import ANYTHING
from tests.web.conftest import Browser
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.transcription import comparing, segments
from textor.models import Transcription, User


def path(row: Transcription) -> str:
    return f"/transcripts/{row.id}"


def words(page: str) -> str:
    found = re.search(r'<details[^>]*id="details".*?</details>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[0])) if found else ""


def test_chapters_can_be_played_and_phrases_are_listed(alices: Browser, finished: Transcription) -> None:
    finished.details = {
        "chapters": [{"start": 3.5, "end": 9, "title": "The <b>second</b>", "summary": "They meet."}],
        "key_phrases": [{"text": "hello there", "start": 0, "count": 2, "share": 0.5}],
        "speech_model_used": "universal-2",
        "somebody/new": {"deep": "down"},
    }
    finished.language_confidence, finished.remote_id, finished.confidence = 0.98, "job-7", 0.875
    db.session.commit()
    page = alices.get(path(finished)).text
    assert 'data-seek="3.5"' in page
    assert "The &lt;b&gt;second&lt;/b&gt;" in page
    told = words(page)
    for text in (
        "They meet.",
        "hello there 2×",
        "50%",
        "Model used universal-2",
        "somebody/new.deep down",
        "English · 98%",
        "job-7",
    ):
        assert text in told
    assert "Confidence 88%" in told


def test_speakers_are_told_with_how_sure_the_engine_is(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, status="completed")
    spoken = [("A", 0.9, 1.0), ("B", None, 1.0), ("A", 0.5, 3.0)]
    segments.replace_all(
        row.seq, [Segment(n * 5, n * 5 + s, "text", (), None, who, sure) for n, (who, sure, s) in enumerate(spoken)]
    )
    db.session.commit()
    assert "A 60%" in words(alices.get(path(row)).text)


def test_passages_of_other_engines_are_counted(alices: Browser, finished: Transcription) -> None:
    comparing.segment_rows(finished.seq)[0].engine = "fake_remote"
    db.session.commit()
    assert "Passages of other engines Fake remote (1)" in words(alices.get(path(finished)).text)


def test_where_nothing_is_told_nothing_is_shown(alices: Browser, alice: User) -> None:
    assert 'id="details"' not in alices.get(path(factories.transcription(alice, status="completed"))).text


def test_in_persian_our_figures_are_persian_and_theirs_as_they_came(alices: Browser, finished: Transcription) -> None:
    finished.details, finished.confidence, finished.remote_id = {"request_id": "r-12"}, 0.5, "job-7"
    db.session.commit()
    page = alices.get(path(finished), headers={"Accept-Language": "fa"}).text
    assert "۵۰٪" in words(page)
    assert "<bdi>job-7</bdi>" in page
    assert "<bdi>r-12</bdi>" in page  # on its line's own side, in its own direction


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=ANYTHING)
def test_the_page_stands_whatever_is_told(alices: Browser, finished: Transcription, told: Any) -> None:
    finished.details = {"theirs": _storable(told)} | (_storable(told) if isinstance(told, dict) else {})
    db.session.commit()
    assert alices.get(path(finished)).status_code == 200


def _storable(told: Any) -> Any:
    """Textor's own notes are always of their shape; what is none in JSON can't come from a provider's answer."""
    if isinstance(told, dict):
        return {name: _storable(value) for name, value in told.items() if name not in {"gaps", "failover", "pick"}}
    if isinstance(told, list):
        return [_storable(one) for one in told]
    return told if not isinstance(told, float) or abs(told) < 1e300 else 0.5
