"""When it ends and when it starts, as the pages say it; a page that is polled is not sent again for a second less."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tests.fakes import FakeClock
from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.features.transcription.forecast import Estimate
from textor.job_queue import breakers
from textor.models import Transcription, User
from textor.toolbox import Toolbox
from textor.web import etas, locale


def with_history(owner: User, *work_seconds: float) -> None:
    """Finished ones of 100 s of sound."""
    for seconds in work_seconds:
        facts = {"run_token": 1, "started_at": NOW, "finished_at": NOW + timedelta(seconds=seconds)}
        factories.transcription(owner, factories.recording(owner, seconds=100.0), status="completed", **facts)


def running(owner: User, **values: object) -> Transcription:
    facts: dict[str, object] = {"status": "processing", "active_for": owner.id, "started_at": NOW}
    return factories.transcription(owner, factories.recording(owner, seconds=100.0), **(facts | values))


@pytest.fixture
def lane(alice: User, bob: User) -> list[Transcription]:
    """One that runs and two that wait; 100 s of sound take 3 to 5 minutes here."""
    with_history(bob, 180, 180, 180, 300, 300)
    return [running(alice), *(factories.transcription(alice, factories.recording(alice, seconds=100.0)) for _ in range(2))]


def test_the_list_tells_when_each_ends_or_starts(alices: Browser, lane: list[Transcription]) -> None:
    page = alices.get("/transcripts").text
    for words in ("About 3 min left, at most 5 min", "Next in queue", "Starts in about 3 min", "Starts in about 6 min"):
        assert words in page


def test_the_transcripts_page_tells_it_too(alices: Browser, lane: list[Transcription]) -> None:
    assert "About 3 min left, at most 5 min" in alices.get(f"/transcripts/{lane[0].id}").text
    assert "Starts in about 6 min" in alices.get(f"/transcripts/{lane[2].id}").text


@pytest.mark.parametrize("place", [None, 0, 2])
def test_seconds_that_pass_are_not_sent_but_minutes_are(
    alices: Browser, lane: list[Transcription], clock: FakeClock, place: int | None
) -> None:
    path = "/transcripts" if place is None else f"/transcripts/{lane[place].id}"
    again = {**HTMX, "If-None-Match": alices.get(path, headers=HTMX).headers["ETag"]}
    clock.advance(10)
    assert alices.get(path, headers=again).status_code == 304
    clock.advance(70)
    assert alices.get(path, headers=again).status_code == 200


def test_without_history_nothing_is_invented(alices: Browser, alice: User) -> None:
    running(alice)
    factories.transcription(alice)
    page = alices.get("/transcripts").text
    assert " left" not in page
    assert "Starts when your current job finishes" in page
    assert "Starts in" not in page


def test_that_a_provider_is_away_is_told_in_place_of_times(alices: Browser, tools: Toolbox, lane: list[Transcription]) -> None:
    lane[0].engine, lane[0].is_with_shift = "fake_remote", True
    db.session.commit()
    breakers.failed(tools, "fake_remote", 1, 60, "Vira is out of order for the moment (its answer was 503).")
    for path in ("/transcripts", f"/transcripts/{lane[0].id}"):
        assert "(its answer was 503). It is asked again by itself." in alices.get(path).text
    page = alices.get("/transcripts").text
    assert "left" not in page
    assert "Starts in" not in page
    assert "۵۰۳" in alices.get("/transcripts", headers={"Accept-Language": "fa"}).text


def test_a_provider_that_is_away_halts_nobody_elses(alices: Browser, tools: Toolbox, lane: list[Transcription]) -> None:
    breakers.failed(tools, "fake_remote", 1, 60, "Away.")
    page = alices.get("/transcripts").text
    assert "About 3 min left" in page
    assert "Away." not in page


def test_it_is_told_in_persian_with_its_digits(alices: Browser, lane: list[Transcription]) -> None:
    alices.send("/language", {"language": "fa"})
    assert "حدود ۳ دقیقه مانده است، دست بالا ۵ دقیقه" in alices.get("/transcripts").text


@pytest.mark.parametrize(
    ("median", "p90", "words"),
    [
        (10, 20, "Less than a minute left"),
        (10, 70, "Less than a minute left"),
        (10, 125, "Less than a minute left, at most 2 min"),
        (180, 190, "About 3 min left"),
        (180, 290, "About 3 min left, at most 5 min"),
        (3000, 9000, "About 50 min left, at most 2.5 h"),
    ],
)
def test_the_end_is_told_as_far_as_it_is_known(alices: Browser, median: float, p90: float, words: str) -> None:
    with alices.application.test_request_context():
        assert etas._until_end(Estimate(median, p90)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute"),
        (29, "less than a minute"),
        (31, "1 min"),
        (9.4 * 60, "9 min"),
        (12 * 60, "10 min"),
        (118 * 60, "2 h"),
        (5.4 * 3600, "5.5 h"),
        (1000 * 3600, "1,000 h"),
    ],
)
def test_the_longer_it_is_the_coarser_it_is_told(alices: Browser, seconds: float, words: str) -> None:
    with alices.application.test_request_context():
        assert locale.span(seconds) == words
