"""A transcript corrected in a real browser: in its place, while the player plays on, and back through the history."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, Visits
from tests.browser.test_pages import LOOKS, faults, until


def test_a_turn_is_corrected_in_its_place_and_brought_back(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies)
    page = window.go(reader.path)
    first = page.locator("#g1")
    heard = first.locator(".said").inner_text()
    until(page, "document.querySelector('#audio').readyState >= 1")
    page.evaluate("document.querySelector('#audio').dataset.same = 'yes'")
    first.hover()
    first.locator(".act a").click()
    expect(first.locator("textarea")).to_be_focused()
    assert faults(window) == []
    first.locator("textarea").fill("Corrected, and سلام")
    first.locator("button[type=submit]").click()
    expect(first.locator(".said")).to_have_text("Corrected, and سلام")
    first.locator(".ts").click()  # the player knows the new words
    first.hover()
    first.locator(".act a").click()
    first.locator("input[name=new_speaker]").fill("Ann")
    first.locator("button[type=submit]").click()
    expect(first.locator(".chip")).to_have_text("Ann")
    expect(page.locator("#figures")).to_contain_text("Ann")
    assert page.locator("#audio").get_attribute("data-same") == "yes"
    page.locator("a", has_text="Speakers and history").click()
    page.locator("#history li", has_text="As the engine heard it").locator("button").click()
    expect(page.locator("#history li .tag")).to_have_count(1)
    window.go(reader.path)
    expect(first.locator(".said")).to_have_text(heard)
    assert window.complaints == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_corrections_are_in_order(visit: Visits, reader: Reader, look: str) -> None:
    window = visit(storage_state=reader.cookies, **LOOKS[look])
    for path in ("/edits", "/segments/0/edit"):
        window.go(reader.path + path)
        assert faults(window) == []
