"""Image prompts taken apart and put together."""

import pytest

from textor.domain.prompt_wording import merged, parted, with_ending


@pytest.mark.parametrize(
    ("prompt", "words", "parameters"),
    [
        (
            "a lighthouse, 35mm --ar 16:9 --tile --no text, logo",
            "a lighthouse, 35mm",
            [("ar", "16:9"), ("tile", ""), ("no", "text, logo")],
        ),
        ("--v 6", "", [("v", "6")]),
        ("a well--known face -- at dusk", "a well--known face -- at dusk", []),
        ("a --AR 1:1 --ar 2:3", "a", [("AR", "2:3")]),
        ("فانوس دریایی --ar 3:2", "فانوس دریایی", [("ar", "3:2")]),
    ],
)
def test_parameters_stand_at_the_end_once(prompt: str, words: str, parameters: list[tuple[str, str]]) -> None:
    found = parted(prompt)
    assert (found.words, list(found.parameters)) == (words, parameters)


@pytest.mark.parametrize(
    ("prompt", "ending", "whole"),
    [
        ("a cat", "--ar 16:9", "a cat --ar 16:9"),
        ("a cat --ar 1:1 --v 6", "--ar 16:9", "a cat --ar 16:9 --v 6"),
        ("a cat --ar 1:1", "film grain --v 6", "a cat, film grain --ar 1:1 --v 6"),
        ("a cat, Film grain --v 6", "film grain", "a cat, Film grain --v 6"),
        ("A cat sits.", "Film grain.", "A cat sits. Film grain."),
        ("", "film grain", "film grain"),
        ("a  cat,", "  ", "a  cat,"),
    ],
)
def test_an_ending_is_added_once(prompt: str, ending: str, whole: str) -> None:
    assert with_ending(prompt, ending) == whole
    assert with_ending(with_ending(prompt, ending), ending) == whole


def test_prompts_become_one_with_each_parameter_once() -> None:
    assert merged(["a cat --ar 1:1 --v 6", "a dog, --ar 2:3", ""]) == "a cat, a dog --ar 2:3 --v 6"
