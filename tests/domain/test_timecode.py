import pytest

from textor.domain.timecode import clock, from_milliseconds, milliseconds, precise


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (5.9, "0:05"), (754, "12:34"), (3723, "1:02:03"), (360_000, "100:00:00")]
)
def test_a_clock_is_as_short_as_it_can_be(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00:00.000"), (3723.25, "01:02:03.250"), (0.9996, "00:00:01.000"), (400_000, "111:06:40.000")]
)
def test_a_precise_time_has_milliseconds(seconds: float, shown: str) -> None:
    assert precise(seconds) == shown


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_time_is_zero(seconds: float) -> None:
    assert milliseconds(seconds) == 0


def test_subrip_wants_a_comma() -> None:
    assert from_milliseconds(1500, point=",") == "00:00:01,500"
