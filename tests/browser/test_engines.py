"""What engines can't do is said in the form, before anything is sent."""

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.test_pages import LOOKS, faults

FACTS = "#engine-facts"


def test_the_facts_of_the_chosen_engine_are_below_it(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    expect(page.locator(FACTS)).to_contain_text("English only")
    expect(page.locator(FACTS)).to_contain_text("Doesn't tell speakers apart on one channel")
    page.locator("#engine").select_option(page.locator("#engine option[value^='whisper:']").first.get_attribute("value"))
    expect(page.locator(FACTS)).to_contain_text("Takes vocabulary hints")
    expect(page.locator(FACTS)).not_to_contain_text("English only")


def test_languages_that_an_engine_does_not_know_are_marked(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page, box = window.page, window.page.get_by_role("combobox", name="Language of the recording")
    box.click()
    box.fill("deuts")
    expect(page.get_by_role("option", name="Deutsch · German · not with PocketSphinx")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(FACTS)).to_contain_text("PocketSphinx does not understand Deutsch")
    page.locator("#engine").select_option(page.locator("#engine option[value^='whisper:']").first.get_attribute("value"))
    expect(box).to_have_value("Deutsch · German")
    expect(page.locator(FACTS)).not_to_contain_text("does not understand")


def test_hints_say_that_an_engine_takes_none_and_the_upload_is_refused(visit: Visits) -> None:
    window = visit()
    window.sign_up()
    page = window.page
    page.get_by_text("Names, terms and the number of speakers").click()
    expect(page.locator("#vocabulary-hint")).to_have_text("PocketSphinx takes no vocabulary hints")
    page.fill("#vocabulary", "Textor")
    page.set_input_files("#file", {"name": "one.wav", "mimeType": "audio/wav", "buffer": b"RIFF" + bytes(2000)})
    expect(page.locator("#uploads .failed")).to_contain_text("PocketSphinx takes no vocabulary hints.")
    expect(page.locator("#vocabulary")).to_have_value("Textor")
    window.complaints[:] = [text for text in window.complaints if "400" not in text]  # the refusal itself


def test_without_script_all_engines_tell_what_they_can(visit: Visits) -> None:
    with_script = visit()
    with_script.sign_up()
    window = visit(storage_state=with_script.context.storage_state(), java_script_enabled=False)
    page = window.go("/transcripts")
    page.get_by_text("What each engine can do").click()
    expect(page.locator("[data-choices='sphinx']")).to_contain_text("English only")
    expect(page.locator(FACTS)).to_be_hidden()


def test_the_opened_form_is_in_order_in_every_look(visit: Visits) -> None:
    first = visit()
    first.sign_up()
    cookies = first.context.storage_state()
    for look in LOOKS.values():
        window = visit(storage_state=cookies, **look)
        window.go("/transcripts")
        for summary in window.page.locator("details.more > summary").all():
            summary.click()
        assert faults(window) == []
