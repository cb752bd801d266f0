"""The panel beside a transcript in a real browser: a summary and answers whose times play, tabs by keyboard, all transcripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader, Visits
from tests.browser.test_pages import LOOKS, faults


def seconds(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#audio').currentTime"))


def seeks(page: Page, cite: str) -> None:
    """A cited time leads the player there."""
    link = page.locator(cite).first
    link.click()
    assert seconds(page) == pytest.approx(float(link.get_attribute("data-seek") or -1), abs=0.05)


def test_a_recording_is_summed_up_and_asked(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies)
    page = window.go(reader.path)
    page.click("#summary-form button[type=submit]")
    expect(page.locator("#summary-plain")).to_be_attached()
    expect(page.locator("#live")).to_have_text("The summary is ready.")
    seeks(page, "#summary .cite")
    assert faults(window) == []
    page.locator("#tab-summary").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#question")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?panel=chat$"))
    page.fill("#question", "Who writes everything down?")
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text("Answer:")
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#question")).to_be_focused()
    seeks(page, "#chat .cite")
    page.reload()
    expect(page.locator(".msg.me")).to_have_text(re.compile("Who writes everything down"))
    page = window.go("/ask")
    page.locator(".suggestions button").first.click()
    expect(page.locator("#live")).to_contain_text("Answer:")
    page.fill("#question", "Who writes everything down?")
    page.click(".ask button")
    expect(page.locator("#chat .cite")).not_to_have_count(0)
    assert faults(window) == []
    page.locator("#chat .cite").first.click()
    expect(page).to_have_url(re.compile(re.escape(reader.path) + r"#t=[\d.]+$"))
    assert seconds(page) == pytest.approx(float(page.url.partition("#t=")[2]), abs=0.05)
    assert seconds(page) > 0


def test_all_tabs_are_in_order_on_a_telephone(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies, **LOOKS["telephone, rtl, dark"])
    found = {tab: faults(window, f"{reader.path}?panel={tab}") for tab in ("chat", "details")}
    assert {tab: told for tab, told in found.items() if told} == {}
