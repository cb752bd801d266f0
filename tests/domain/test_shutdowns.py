"""When a provider switches a model off."""

from datetime import date

import pytest

from textor.domain import shutdowns

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("told", "days_left", "is_near", "is_over"),
    [
        ("2027-03-22", 121, False, False),
        ("2027-03-21", 120, True, False),
        ("2026-11-21", 0, True, False),
        ("2026-11-20", -1, False, True),
    ],
)
def test_a_model_is_warned_of_and_then_gone(told: str, days_left: int, is_near: bool, is_over: bool) -> None:
    found = shutdowns.read(told, TODAY)
    assert found
    assert (found.days_left, found.is_near, found.is_over) == (days_left, is_near, is_over)


@pytest.mark.parametrize("told", [None, "", "soon", "2027-02-30"])
def test_what_is_no_date_says_nothing(told: str | None) -> None:
    assert shutdowns.read(told, TODAY) is None
