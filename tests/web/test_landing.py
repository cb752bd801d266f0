"""The front page."""

import pytest

from tests.web.conftest import HTML, Browser


def test_people_get_a_page(gina: Browser) -> None:
    page = gina.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.mimetype == "text/html"
    assert "A quiet workbench for long recordings" in page.text
    assert 'href="/signup"' in page.text


@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
def test_programs_get_what_the_service_says_of_itself(gina: Browser, accept: dict[str, str]) -> None:
    answer = gina.get("/", headers=accept)
    assert answer.mimetype == "application/json"
    assert answer.get_json()["name"] == "Textor"


def test_somebody_logged_in_is_led_to_the_transcripts(alices: Browser) -> None:
    assert "Open your transcripts" in alices.get("/", headers=HTML).text
