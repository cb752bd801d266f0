"""A recording becomes image prompts, which are edited and taken along: on a machine without any key."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Visits
from tests.browser.test_pages import faults
from textor.features.recordings import sample


def prompts(page: Page) -> list[str]:
    """What stands in the fields."""
    return [field.input_value() for field in page.locator("#scenes textarea").all()]


def exported(page: Page) -> list[str]:
    page.click("[popovertarget=export]")
    with page.expect_download() as started:
        page.click("#export a[href$='/csv']")
    with Path(started.value.path()).open(encoding="utf-8-sig", newline="") as file:
        return [row["prompt"] for row in csv.DictReader(file)]


def pictured(page: Page) -> None:
    """The sample as image prompts."""
    page.click("nav a:has-text('Prompts')")
    page.click("text=Write image prompts")
    page.set_input_files("#file", str(sample.FILE))
    page.fill("#look", "oil on canvas")
    page.click("text=Write the prompts")
    page.wait_for_url(re.compile(r"/prompts/\d+$"))
    expect(page.locator("#change")).to_be_attached(timeout=PATIENCE)
    (written,) = prompts(page)
    assert "oil on canvas" in written
    expect(page.locator(".cite").first).to_have_attribute("href", re.compile(r"/transcripts/[0-9a-f-]{36}#g1"))


def test_a_recording_becomes_prompts_that_are_edited_together_and_taken_along(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    pictured(page)
    page.fill("#new", "a lighthouse at dusk --ar 1:1")
    page.click("text=Add a scene")
    expect(page.locator("#scenes > li")).to_have_count(2)
    first, second = page.locator("#scenes textarea").first, page.locator("#scenes textarea").last
    first.fill("a harbour by night")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.check("[data-all]")
    page.fill("#old", "harbour")
    page.fill("#with", "village")
    page.fill("#ending", "--ar 16:9 --style raw")
    page.press("#ending", "Enter")
    expect(first).to_have_value("a village by night --ar 16:9 --style raw")
    expect(second).to_have_value("a lighthouse at dusk --ar 16:9 --style raw")
    expect(page.locator("#scenes .check:checked")).to_have_count(2)
    page.click("[aria-label='Move scene 2 up']")
    expect(first).to_have_value("a lighthouse at dusk --ar 16:9 --style raw")
    assert faults(window) == []
    assert (
        exported(page)
        == prompts(page)
        == [f"a {what} --ar 16:9 --style raw" for what in ("lighthouse at dusk", "village by night")]
    )

    second.press("End")
    second.type("!")  # left at once: it is saved all the same
    page.click("nav a:has-text('Prompts')")
    page.click("#tasks .name a")
    assert prompts(page)[1].endswith("!")
    page.locator("#scenes .when").last.drag_to(page.locator("#scenes > li").first, target_position={"x": 9, "y": 9})
    expect(first).to_have_value(re.compile("!$"))
    page.click("[aria-label='Delete scene 2']")
    page.click("#ask [data-answer=yes]")
    expect(page.locator("#scenes > li")).to_have_count(1)
    assert exported(page) == prompts(page)
