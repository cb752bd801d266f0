"""Every page as people meet it: light, dark, right to left, on a telephone; nothing for axe to find."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Reader, Visit, Visits

LOOKS: dict[str, dict[str, object]] = {
    "light": {},
    "rtl, dark": {"locale": "fa-IR", "color_scheme": "dark"},
    "telephone, rtl, dark": {
        "viewport": {"width": 390, "height": 800},
        "has_touch": True,
        "locale": "fa-IR",
        "color_scheme": "dark",
    },
}
PUBLIC = ["/", "/login", "/signup", "/nowhere"]


def until(page: Page, fact: str) -> None:
    """Wait for a fact about the page. Playwright's own wait_for_function evaluates strings, which the page's policy forbids."""
    for _ in range(150):
        if page.evaluate(fact):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never true: {fact}")


def faults(window: Visit, path: str = "") -> list[str]:
    """What axe finds on the page (at `path`), and whether it is wider than the window."""
    if path:
        window.go(path)
    found = Axe().run(window.page).response["violations"]
    told = [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found]
    wider = window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return told + ([f"{wider} px too wide"] if wider > 0 else [])


@pytest.mark.parametrize("look", LOOKS)
def test_pages_for_everybody_are_in_order(visit: Visits, look: str) -> None:
    window = visit(**LOOKS[look])
    found = {path: faults(window, path) for path in PUBLIC}
    assert {path: told for path, told in found.items() if told} == {}
    window.complaints[:] = [text for text in window.complaints if "404" not in text]  # /nowhere itself


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_a_user_are_in_order(visit: Visits, reader: Reader, look: str) -> None:
    window = visit(storage_state=reader.cookies, **LOOKS[look])
    paths = (reader.path, "/transcripts", "/transcripts?q=nothing-like-it", "/account")
    found = {path: faults(window, path) for path in paths}
    assert {path: told for path, told in found.items() if told} == {}


def test_an_empty_dashboard_is_in_order(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    assert faults(window) == []


def test_open_menus_dialogs_and_lists_are_in_order(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies)
    window.go(reader.path)
    page = window.page
    page.click("[popovertarget=export]")
    assert faults(window) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert faults(window) == []
    window.go("/transcripts")
    page.click(".combo input")
    assert faults(window) == []
    page.keyboard.press("Escape")
    page.check("#jobs .check")
    expect(page.locator(".bulk")).to_be_visible()
    assert faults(window) == []


def test_the_language_list_finds_by_native_and_english_names_with_the_keyboard(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    box = window.page.get_by_role("combobox", name="Language of the recording")
    for typed, code in (("persi", "fa"), ("فار", "fa"), ("deuts", "de"), ("turkce", "tr")):
        box.click()
        box.fill(typed)
        window.page.keyboard.press("Enter")
        assert window.page.eval_on_selector("#language", "select => select.value") == code
    box.fill("klingon")
    expect(window.page.get_by_text("No such language")).to_be_visible()
    window.page.keyboard.press("Escape")
    assert window.page.eval_on_selector("#language", "select => select.value") == "tr"


def test_the_player_seeks_plays_and_follows_the_words(visit: Visits, reader: Reader) -> None:
    window = visit(storage_state=reader.cookies)
    window.go(reader.path)
    page = window.page
    until(page, "document.querySelector('#audio').readyState >= 1")
    second = page.locator(".w").nth(2)
    second.click()
    start = float(second.get_attribute("data-s") or 0)
    assert page.eval_on_selector("#audio", "audio => audio.currentTime") == pytest.approx(start, abs=0.05)
    expect(second).to_have_class(re.compile(r"\bnow\b"))
    page.locator("#wave").focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-clock]")).to_have_text("0:00")
    page.click("[data-play]")
    until(page, "document.querySelector('#audio').currentTime > 0.2")
    page.keyboard.press("Space")


def test_the_theme_is_kept(visit: Visits) -> None:
    window = visit()
    page = window.go("/login")
    page.click("[data-theme-toggle]")
    window.go("/signup")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_recording_from_the_microphone_is_uploaded(visit: Visits) -> None:
    window = visit(permissions=["microphone"])
    window.sign_up()
    page = window.page
    page.click("[data-record]")
    expect(page.locator("[data-record]")).to_contain_text("Stop and send")
    page.wait_for_timeout(2500)
    page.click("[data-record]")
    expect(page.locator("#jobs tr[data-state]")).to_have_count(1, timeout=20_000)


def test_where_the_cdn_is_away_our_own_htmx_takes_over(visit: Visits) -> None:
    window = visit()
    cdn = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
    page = window.page

    def with_cdn(route: Route) -> None:
        """The page as it is with the default HTMX_URL."""
        answer = route.fetch()
        own = re.search(r'<script src="(/static/js/htmx\.min\.js[^"]*)" defer></script>', answer.text())
        assert own
        tags = f'<script src="{cdn}" defer></script><script src="/static/js/htmx-fallback.js" data-own="{own[1]}" defer></script>'
        headers = {
            **answer.headers,
            "content-security-policy": answer.headers["content-security-policy"].replace("'self';", f"'self' {cdn};", 1),
        }
        route.fulfill(response=answer, body=answer.text().replace(own[0], tags), headers=headers)

    page.route("**/login", with_cdn)
    page.route(cdn, lambda route: route.abort())
    window.go("/login")
    until(page, "window.htmx !== undefined")
    window.complaints[:] = [text for text in window.complaints if "ERR_FAILED" not in text]
