"""Engines compared in a real browser: asked for on the transcript's page, laid side by side, words taken over and given back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Reader, Visit, Visits
from tests.browser.test_pages import LOOKS, faults, until


@pytest.fixture(scope="session")
def compared(chrome: Browser, textor: str, reader: Reader) -> str:
    """The page that compares the sample's transcript with what another engine of this machine heard."""
    context = chrome.new_context(storage_state=reader.cookies)
    window = Visit(context.new_page(), context, textor)
    page = window.go(reader.path)
    page.click("[popovertarget=compare]")
    expect(page.locator("#compare")).to_be_visible()
    choice = page.locator("#compare-1 option:not([disabled])", has_text=re.compile("whisper", re.IGNORECASE)).first
    page.select_option("#compare-1", choice.get_attribute("value"))
    page.click("#compare button[type=submit]")
    page.wait_for_url("**/compare?base=*")
    expect(page.locator("#comparison [data-s=completed]")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("#texts")).to_be_visible()  # it came by itself
    found = page.url.removeprefix(textor)
    context.close()
    return found


def open_it(visit: Visits, reader: Reader, path: str, **look: object) -> Visit:
    window = visit(storage_state=reader.cookies, **look)
    window.go(path)
    return window


def said(page: Page) -> list[str]:
    """The base's words, stretch by stretch."""
    return page.locator(".side-cell:first-child .said").all_inner_texts()


@pytest.mark.parametrize("look", LOOKS)
def test_the_comparison_is_in_order(visit: Visits, reader: Reader, compared: str, look: str) -> None:
    window = open_it(visit, reader, compared, **LOOKS[look])
    assert faults(window) == []
    window.page.click("[popovertarget=compare]")
    assert faults(window) == []


def test_a_stretch_is_played_to_its_end(visit: Visits, reader: Reader, compared: str) -> None:
    page = open_it(visit, reader, compared).page
    until(page, "document.querySelector('#audio').readyState >= 1")
    button = page.locator(".stretch .ts").first
    begin, end = (float(button.get_attribute(name) or 0) for name in ("data-from", "data-to"))
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    until(page, f"document.querySelector('#audio').currentTime >= {end}")
    until(page, "document.querySelector('#audio').paused")
    assert begin < end <= page.eval_on_selector("#audio", "audio => audio.currentTime") < end + 1
    expect(button).to_have_attribute("aria-pressed", "false")


def test_words_are_taken_and_given_back_with_the_keyboard(visit: Visits, reader: Reader, compared: str) -> None:
    page = open_it(visit, reader, compared).page
    before = said(page)
    page.locator("[name=pick]").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The words were taken over.")).to_be_visible()
    assert said(page) != before
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("own words are back")).to_be_visible()
    assert said(page) == before


def test_without_script_it_works_all_the_same(visit: Visits, reader: Reader, compared: str) -> None:
    page = open_it(visit, reader, compared, java_script_enabled=False).page
    expect(page.locator("del").first).to_be_visible()
    page.click("text=Differences only")
    assert page.locator(".stretch").count() == page.locator(".stretch:has(.differs)").count() > 0


def test_details_open_with_the_keyboard_and_are_in_order(visit: Visits, reader: Reader) -> None:
    window = open_it(visit, reader, reader.path + "?panel=details")
    window.page.locator("#details > summary").focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#details dl")).to_be_visible()
    assert faults(window) == []


def test_what_is_missing_runs_in_its_own_direction(visit: Visits, reader: Reader, compared: str) -> None:
    """What only screen readers hear is Persian here, and turns nothing around."""
    page = open_it(visit, reader, compared, **LOOKS["rtl, dark"]).page
    cell = page.locator(".side-cell.differs .said", has=page.locator("del:first-child")).first
    assert re.match(r"\s*[a-z]", cell.locator("del").first.evaluate("del => del.childNodes[1].data"))
    assert cell.evaluate("cell => getComputedStyle(cell).direction") == "ltr"
