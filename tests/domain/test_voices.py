"""Who is who where an engine names the speakers anew in each slice."""

from collections.abc import Sequence

import pytest

from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment
from textor.domain.voices import matched

TRUTH = [(n * 5.0, (n + 1) * 5.0, "Alice" if n % 2 == 0 else "Bob") for n in range(60)]
"""Five minutes; each talks for five seconds."""


def piece(start: float, end: float, overlap: float, labels: dict[str, str], truth: Sequence[tuple[float, float, str]]) -> Heard:
    """What an engine hears from `start` to `end`, with names of its own for the voices."""
    said = [
        Segment(max(begin, start), min(stop, end), f"said at {begin:.0f}", speaker=labels[who])
        for begin, stop, who in truth
        if stop > start and begin < end
    ]
    return Heard(start, end, overlap, None, said)


def speakers(parts: Sequence[Heard]) -> dict[float, str | None]:
    return {segment.start: segment.speaker for segment in merged(parts)}


def test_a_voice_has_one_name_whatever_each_slice_calls_it() -> None:
    parts = [
        piece(0, 120, 0, {"Alice": "A", "Bob": "B"}, TRUTH),
        piece(90, 210, 30, {"Alice": "B", "Bob": "A"}, TRUTH),
        piece(180, 300, 30, {"Alice": "speaker_7", "Bob": "speaker_2"}, TRUTH),
    ]
    assert speakers(matched(parts)) == {begin: "A" if who == "Alice" else "B" for begin, _, who in TRUTH}


def test_each_word_stands_once_where_slices_share_half_a_minute() -> None:
    labels = {"Alice": "A", "Bob": "B"}
    parts = [piece(0, 120, 0, labels, TRUTH), piece(90, 210, 30, labels, TRUTH), piece(180, 300, 30, labels, TRUTH)]
    said = " ".join(segment.text for segment in merged(matched(parts)))
    assert said == " ".join(f"said at {begin:.0f}" for begin, _, _ in TRUTH)


def test_somebody_new_has_a_name_of_their_own() -> None:
    truth = [*TRUTH[:30], (150.0, 200.0, "Carol")]
    parts = [
        piece(0, 120, 0, {"Alice": "A", "Bob": "B"}, truth),
        piece(90, 200, 30, {"Alice": "A", "Bob": "C", "Carol": "B"}, truth),
    ]
    assert set(speakers(matched(parts)).values()) == {"A", "B", "B (part 2)"}


SILENT_THEN = [(0.0, 40.0, "Alice"), (40.0, 85.0, "Bob"), (85.0, 130.0, "Alice"), (130.0, 200.0, "Bob")]
"""Bob says nothing in what the slices share."""


@pytest.mark.parametrize(("people", "last"), [(None, "A (part 2)"), (2, "B"), (3, "A (part 2)")])
def test_whoever_is_silent_in_the_shared_seconds_is_known_where_it_is_told_how_many_speak(people: int | None, last: str) -> None:
    parts = [
        piece(0, 120, 0, {"Alice": "A", "Bob": "B"}, SILENT_THEN),
        piece(90, 200, 30, {"Alice": "B", "Bob": "A"}, SILENT_THEN),
    ]
    assert speakers(matched(parts, people))[130.0] == last


def test_the_edge_of_a_turn_tells_nothing() -> None:
    before = Heard(0, 100, 0, None, [Segment(0, 90.2, "one", speaker="A"), Segment(90.2, 100, "two", speaker="B")])
    after = Heard(90, 200, 10, None, [Segment(90, 90.2, "one", speaker="X"), Segment(90.3, 120, "two", speaker="Y")])
    names = [segment.speaker for segment in matched([before, after])[1].segments]
    assert names == ["X", "B"]


def test_a_slice_that_was_lost_between_two_lets_them_be_strangers() -> None:
    parts = [piece(0, 120, 0, {"Alice": "A", "Bob": "B"}, TRUTH), piece(180, 300, 30, {"Alice": "A", "Bob": "B"}, TRUTH)]
    assert set(speakers(matched(parts)).values()) == {"A", "B", "A (part 2)", "B (part 2)"}


def test_the_sides_of_a_call_and_segments_without_a_speaker_stay_as_they_are() -> None:
    side = Heard(0, 10, 0, 1, [Segment(0, 1, "hello", speaker="Speaker 2")])
    mixed = Heard(0, 10, 0, None, [Segment(0, 1, "hello")])
    assert {one.channel: one for one in matched([side, mixed])} == {1: side, None: mixed}
