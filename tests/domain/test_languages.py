"""The list of languages."""

import pytest

from textor.domain import languages


def test_about_a_hundred_languages_are_offered_and_no_code_twice() -> None:
    codes = [language.code for language in languages.LANGUAGES]
    assert 95 <= len(codes) <= 120
    assert len(codes) == len(set(codes))
    assert {"en", "fa", "ar", "en_us", "en_uk", "en_au", "zh_tw"} <= set(codes)


def test_every_language_has_both_names() -> None:
    for language in languages.LANGUAGES:
        assert language.english.strip()
        assert language.native.strip()


@pytest.mark.parametrize("spelling", ["en_us", "en-US", " EN_us "])
def test_a_code_is_found_in_any_of_its_spellings(spelling: str) -> None:
    found = languages.by_code(spelling)
    assert found is not None
    assert found.english == "English (US)"


def test_an_unknown_code_is_none() -> None:
    assert languages.by_code("klingon") is None
    assert languages.by_code("") is None


@pytest.mark.parametrize(
    ("code", "expected"), [("fa", "rtl"), ("ar_eg", "rtl"), ("he", "rtl"), ("en", "ltr"), (None, "ltr"), ("", "ltr")]
)
def test_a_language_knows_its_direction(code: str | None, expected: str) -> None:
    assert languages.direction(code) == expected


def test_the_base_of_a_code_drops_the_country() -> None:
    assert languages.base("en_uk") == "en"
    assert languages.base("zh-TW") == "zh"
