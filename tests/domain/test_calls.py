"""Twilio's words for recordings, in those that clients know."""

import pytest

from textor.domain import calls
from textor.domain.calls import CallRecording


@pytest.mark.parametrize(
    ("status", "error_code", "state"),
    [
        ("completed", None, "completed"),
        ("completed", 16102, "failed"),
        ("in-progress", None, "in-progress"),
        ("paused", None, "in-progress"),
        ("stopped", None, "in-progress"),
        ("processing", None, "in-progress"),
        ("absent", None, "failed"),
        ("deleted", None, "failed"),
        ("something new", None, "in-progress"),
    ],
)
def test_each_of_twilios_words_is_one_of_three(status: str, error_code: int | None, state: str) -> None:
    assert CallRecording("RE", "AC", "CA", 1, status, 1, error_code=error_code).state == state


@pytest.mark.parametrize("text", ["", "RE", "RE" + "g" * 32, "CA" + "0" * 32, "RE" + "0" * 33, "RE" + "0" * 32 + "\n", "../RE"])
def test_what_is_no_sid_is_known(text: str) -> None:
    assert not calls.is_sid(text)
    assert calls.is_sid("RE" + "0aF" * 10 + "00")
