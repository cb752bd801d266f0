"""Subtitles: what can be read while it is heard."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from tests.adapters.exports import samples
from tests.adapters.exports.samples import HAN, PERSIAN, segment, spoken
from textor.adapters.exports.atoms import LINE_WIDTH, _width, atoms
from textor.adapters.exports.cues import PRESSED_MS, SHORTEST_MS, cues
from textor.domain.transcript import Segment, Word
from textor.domain.writing import clean

LONG = (
    "When in the course of human events it becomes necessary for one people to dissolve the political bands which have connected "
    "them with another, and to assume among the powers of the earth the separate and equal station, a decent respect to the "
    "opinions of mankind requires that they should declare the causes. We hold these truths to be self-evident."
)


def lines(*segments: Segment, **options: Any) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues(segments, **options)]


def test_a_short_segment_is_one_line() -> None:
    assert lines(spoken("Nice to meet you.")) == [("Nice to meet you.",)]


def test_a_long_segment_becomes_several_of_two_lines_at_most() -> None:
    made = cues([spoken(LONG)])
    assert len(made) > 3
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= LINE_WIDTH for cue in made)
    assert " ".join(" ".join(cue.lines) for cue in made) == LONG


def test_cues_start_and_end_with_their_words() -> None:
    said = spoken(LONG)
    times = {word.text: word for word in said.words}
    for cue in cues([said]):
        first = cue.lines[0].split()[0]
        if LONG.count(first) == 1:
            assert cue.start_ms == round(times[first].start * 1000)


def test_the_best_place_to_cut_is_after_a_sentence() -> None:
    said = spoken(
        "I saw him yesterday at the station. He did not say a single word about the letter that I had sent him last week."
    )
    assert cues([said])[0].lines == ("I saw him yesterday at the station.",)


def test_the_next_best_is_after_a_clause() -> None:
    said = spoken(
        "If you really want to hear about all of it, the first thing you will probably want to know is where I was born"
    )
    assert " ".join(cues([said])[0].lines).endswith("all of it,")


def test_no_scrap_is_left_for_the_last_one() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    assert len(" ".join(lines(spoken(words))[-1])) > 20


def test_two_lines_are_of_like_length() -> None:
    first, second = lines(segment("This sentence is somewhat longer than a line can be."))[0]
    assert abs(len(first) - len(second)) < 12


def test_with_word_times_nothing_stays_longer_than_seven_seconds() -> None:
    words = tuple(Word(f"w{n}", n * 1.0, n + 0.9) for n in range(60))
    for cue in cues([Segment(0, 60, " ".join(word.text for word in words), words)]):
        assert cue.end_ms - cue.start_ms <= 7000


def test_a_pause_between_words_ends_a_cue() -> None:
    words = (Word("Wait.", 0, 0.4), Word("Now", 6, 6.3), Word("go.", 6.4, 6.8))
    made = cues([Segment(0, 6.8, "Wait. Now go.", words)])
    assert [cue.lines for cue in made] == [("Wait.",), ("Now go.",)]
    assert made[1].start_ms == 6000


def test_without_word_times_they_are_spread_over_the_segment() -> None:
    made = cues([segment(LONG, 10, 40)])
    assert made[0].start_ms == 10_000
    assert 38_000 <= made[-1].end_ms <= 42_000
    assert all(one.start_ms < other.start_ms for one, other in pairwise(made))


def test_an_edited_text_no_longer_fits_its_words_and_is_spread_too() -> None:
    said = spoken("one two three")
    assert [atom.text for atom in atoms(Segment(0, 3, "one two and three", said.words))] == ["one", "two", "and", "three"]
    assert atoms(Segment(0, 3, "one two and three", said.words))[-1].end == 3


def test_punctuation_and_case_do_not_matter_for_that() -> None:
    words = (Word("hello", 1, 1.5), Word("world", 2, 2.5))
    assert [(atom.start, atom.end) for atom in atoms(Segment(0, 9, "Hello, World!", words))] == [(1, 1.5), (2, 2.5)]


def test_a_word_that_the_engine_gave_in_two_has_the_times_of_both() -> None:
    words = (Word("GPT", 1, 1.5), Word("-4", 1.6, 2.5), Word("works", 3, 3.5))
    assert [(atom.start, atom.end) for atom in atoms(Segment(0, 9, "GPT-4 works", words))] == [(1, 2.5), (3, 3.5)]


def test_a_blink_is_held_long_enough_to_be_read() -> None:
    cue = cues([segment("Yes.", 1, 1.1)])[0]
    assert cue.end_ms - cue.start_ms == SHORTEST_MS


def test_slow_readers_get_a_little_more() -> None:
    cue = cues([segment("This is said much faster than anybody can read.", 1, 1.5)])[0]
    assert 1500 < cue.end_ms - cue.start_ms <= 2000


def test_two_frames_part_cues_that_touch() -> None:
    one, other = cues([segment("This is the first.", 0, 2), segment("This is the second.", 2, 4)])
    assert other.start_ms - one.end_ms == 83


def test_short_pieces_of_one_speaker_go_together() -> None:
    assert lines(segment("Yes.", 0, 0.3, "A"), segment("I do.", 0.4, 1.0, "A")) == [("Yes. I do.",)]


def test_short_pieces_of_two_speakers_do_not() -> None:
    made = cues([segment("Yes.", 0, 0.3, "A"), segment("No.", 0.4, 1.0, "B")])
    assert [cue.speaker for cue in made] == ["A", "B"]
    assert made[0].end_ms - made[0].start_ms >= PRESSED_MS


def test_overlapping_voices_follow_each_other() -> None:
    made = cues([segment("I was saying that we should.", 0, 5, "A"), segment("No, we should not.", 2, 4, "B")])
    assert made[0].end_ms <= made[1].start_ms


def test_a_name_is_written_where_the_turn_opens() -> None:
    said = [segment("One.", 0, 2, "Ann"), segment("Two.", 3, 5, "Ann"), segment("Three.", 6, 8, "Bob")]
    assert lines(*said, named=True) == [("Ann: One.",), ("Two.",), ("Bob: Three.",)]


def test_persian_stays_in_logical_order() -> None:
    said = lines(spoken(PERSIAN))
    assert " ".join(" ".join(cue) for cue in said) == PERSIAN


def test_ideographs_count_double_and_no_line_starts_with_a_full_stop() -> None:
    text = "会议的第二部分用中文。我们讨论了很多问题，包括字幕的换行规则和时间轴。" * 3
    said = lines(segment(text, 0, 20))
    assert "".join("".join(cue) for cue in said) == text
    for line in (line for cue in said for line in cue):
        assert _width(line) <= LINE_WIDTH
        assert line[0] not in "。，"


@pytest.mark.parametrize("text", ["x" * 10_000, HAN, "س" * 500, "👩‍👩‍👧‍👦" * 50, "e\u0301\u0323" * 100, "\u0301" * 200])
def test_a_word_without_end_is_cut(text: str) -> None:
    said = lines(segment(text, 0, 10))
    assert "".join("".join(cue) for cue in said) == text
    assert all(_width(line) <= LINE_WIDTH for cue in said for line in cue)


def test_an_accent_stays_with_its_letter() -> None:
    said = lines(segment("e\u0301" * 100, 0, 10))
    assert not any(line.startswith("\u0301") for cue in said for line in cue)


def test_segments_all_at_once_are_shown_one_after_the_other() -> None:
    made = cues([segment(f"Number {n}.", 0, 0, f"S{n}") for n in range(20)])
    assert len(made) == 20
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(made))


def test_what_is_put_together_counts_the_space_between() -> None:
    said = [f"{'0' * 17} {'0' * 25}", "0" * 8, "0" * 8]
    made = cues([Segment(0.0, 0.0, text) for text in said])
    assert all(_width(line) <= LINE_WIDTH for cue in made for line in cue.lines)


@settings(max_examples=100, deadline=None)
@given(samples.segments)
def test_whatever_engines_say_cues_are_in_order_readable_and_complete(segments: list[Segment]) -> None:
    made = cues(segments)
    assert all(cue.start_ms >= 0 and cue.end_ms - cue.start_ms >= PRESSED_MS for cue in made)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(made))
    assert all(1 <= len(cue.lines) <= 2 and all(cue.lines) for cue in made)
    assert all(_width(line) <= LINE_WIDTH for cue in made for line in cue.lines)
    said = sorted("".join("".join(cue.lines) for cue in made).replace(" ", ""))
    assert said == sorted("".join(clean(segment.text) for segment in segments).replace(" ", ""))
