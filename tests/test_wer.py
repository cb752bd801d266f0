"""The measure itself."""

import pytest

from tests.wer import Score, pooled, score


@pytest.mark.parametrize(
    ("reference", "heard", "errors"),
    [
        ("ask not what your country", "Ask not, what your country!", 0),
        ("ask not what your country", "ask what your country", 1),
        ("ask not what your country", "ask not what is your country", 1),
        ("ask not what your country", "task not what your county", 2),
        ("ask not", "", 2),
        ("", "dog", 1),
        ("ten o'clock", "ten o’clock", 0),
        ("حرف می‌زنیم", "حرف می‌زنیم.", 0),
    ],
)
def test_each_wrong_missing_and_added_word_counts_once(reference: str, heard: str, errors: int) -> None:
    assert score(reference, heard).errors == errors


def test_pooling_weighs_by_length() -> None:
    assert pooled([Score(1, 1), Score(0, 9)]).rate == 0.1
