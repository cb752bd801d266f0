"""The page that shows the API: from our own files, without anything inline."""

from playwright.sync_api import expect

from tests.browser.conftest import Visits


def test_the_page_of_the_api_shows_calls_and_takes_a_file_without_a_complaint(visit: Visits) -> None:
    page = visit().go("/swagger/")
    expect(page.locator(".opblock").first).to_be_visible()
    upload = page.locator("#operations-Transcribe-api_uploading_upload_post")
    upload.locator(".opblock-summary-control").click()
    upload.get_by_role("button", name="Try it out").click()
    expect(upload.locator("input[type=file]")).to_be_visible()
