"""The account page at work: cards unfold and stay unfolded when they are told anew."""

from playwright.sync_api import expect

from tests.browser.conftest import Reader, Visits
from tests.browser.test_pages import faults, until


def test_an_engines_languages_unfold_and_stay_so_when_the_cards_are_told_anew(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies, viewport={"width": 390, "height": 800})
    page = window.go("/account")
    card = page.locator("#engine-whisper")
    card.locator("summary").click()
    expect(card).to_contain_text("Persian")
    assert faults(window) == []
    page.evaluate("window.told = 0; document.body.addEventListener('htmx:after:swap', () => { window.told += 1 })")
    page.evaluate("htmx.trigger(document.body, 'engines:changed')")
    until(page, "window.told > 0")
    expect(card.locator("details")).to_have_attribute("open", "")
    expect(page.locator("#engine-sphinx")).to_contain_text("English")


def test_what_was_heard_on_this_server_costs_nothing(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies)
    window.go("/account")
    expect(window.page.locator("#spending")).to_contain_text("Spent")
    expect(window.page.locator("#spending")).to_contain_text("$0.00")
