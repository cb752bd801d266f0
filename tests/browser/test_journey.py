"""The main job in a real browser: a recording in, a transcript out."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Visits
from tests.conftest import SHARED, missing
from textor.features.recordings import sample

SAMPLE_WORDS = re.compile(r"good to hear from you")


def said(page: Page) -> str:
    expect(page.locator(".said").first).to_be_visible()
    return " ".join(page.locator(".said").all_inner_texts())


def upload(page: Page, file: Path) -> None:
    page.set_input_files("#file", str(file))


def test_sign_up_try_the_sample_and_read_its_sentence(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    page.click("text=Try a sample recording")
    page.wait_for_url(re.compile(r"/transcripts/[0-9a-f-]{36}"))
    expect(page.locator("#export")).to_be_attached(timeout=PATIENCE)
    assert SAMPLE_WORDS.search(said(page))


def test_upload_watch_it_finish_and_take_the_subtitles(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    upload(page, sample.FILE)
    row = page.locator("#jobs tr")
    expect(row).to_have_count(1, timeout=PATIENCE)
    expect(row.locator(".st")).to_have_text("Done", timeout=PATIENCE)
    row.locator("[popovertarget^=dl-]").click()
    with page.expect_download() as started:
        row.get_by_text("Subtitles").click()
    text = Path(started.value.path()).read_text()
    assert "-->" in text
    assert SAMPLE_WORDS.search(text)


def test_a_famous_sentence_is_understood(visit: Visits) -> None:
    recording = SHARED / "audio" / "jfk.flac"
    if not recording.exists() or not (SHARED / "smoke-whisper" / "model").exists():
        missing("the recording jfk.flac and a model that knows it")
    window = visit()
    window.sign_up()
    page = window.page
    page.select_option("#engine", "whisper:model")
    upload(page, recording)
    expect(page.locator("#jobs .st")).to_have_text("Done", timeout=PATIENCE)
    page.click("#jobs .name a")
    assert "ask not what your country" in said(page).lower()


def test_what_is_not_sound_is_refused_in_the_list_of_uploads(visit: Visits, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no sound at all")
    window = visit()
    window.sign_up()
    upload(window.page, notes)
    expect(window.page.locator("#uploads .bad")).to_be_visible()
    window.page.click("#uploads .btn.icon")
    expect(window.page.locator("#uploads")).to_be_hidden()
    window.complaints[:] = [text for text in window.complaints if "400" not in text]  # Chromium reports every refused request


def test_polling_stops_when_nothing_runs(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    upload(page, sample.FILE)
    expect(page.locator("#jobs .st")).to_have_text("Done", timeout=PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(5000)
    assert asked == []


def test_delete_asks_first_and_can_be_undone(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    upload(page, sample.FILE)
    expect(page.locator("#jobs .st")).to_have_text("Done", timeout=PATIENCE)
    page.click("[popovertarget^=m-]")
    page.click("#jobs .menu .danger")
    expect(page.locator("#ask")).to_be_visible()
    page.click("#ask [data-answer=no]")
    expect(page.locator("#jobs tr[data-state]")).to_have_count(1)
    page.click("[popovertarget^=m-]")
    page.click("#jobs .menu .danger")
    page.click("#ask [data-answer=yes]")
    expect(page.locator("#jobs tr[data-state]")).to_have_count(0)
    page.click("#toast button:has-text('Undo')")
    expect(page.locator("#jobs tr[data-state]")).to_have_count(1)


def test_all_of_it_works_without_script(visit: Visits) -> None:
    window = visit(java_script_enabled=False)
    window.sign_up()
    page = window.page
    upload(page, sample.FILE)
    page.click("#upload button.primary")
    expect(page.locator("main > .note")).to_contain_text("Uploaded.")
    for _ in range(60):
        page.reload()
        if page.locator("#jobs .st").inner_text() == "Done":
            break
        page.wait_for_timeout(1000)
    page.click("#jobs .name a")
    assert SAMPLE_WORDS.search(said(page))
    expect(page.locator("audio")).to_be_visible()
    page.click("#tab-details")
    page.click("text=Delete transcript and audio")
    page.click("text=Undo")
    expect(page.locator("#jobs tr[data-state]")).to_have_count(1)
