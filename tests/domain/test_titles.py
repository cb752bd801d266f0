"""Names from outside, made safe to show."""

import pytest

from textor.domain import titles


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  two\twords \n", "two words"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("\u2066left\u2069\u200e\u200f", "left"),
        ("nul\x00and\x1bescape\x7f", "nulandescape"),
        ("half \ud83d a character", "half a character"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("cafe\u0301", "café"),
        ("line\u2028break", "line break"),
        ("\ufeffmarked", "marked"),
        ("", ""),
    ],
)
def test_what_can_be_read_stays_and_the_rest_goes(given: str, shown: str) -> None:
    assert titles.clean(given) == shown


def test_a_title_is_never_longer_than_the_column() -> None:
    assert len(titles.clean("x" * 5_000)) == titles.LONGEST
    assert len(titles.of_file("x" * 5_000 + ".mp3")) == titles.LONGEST
    assert titles.of_file("x" * 5_000 + ".mp3").endswith("x.mp3")


@pytest.mark.parametrize(
    ("filename", "kept", "title"),
    [
        ("Board_meeting.mp3", "Board_meeting.mp3", "Board meeting"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("C:\\calls\\جلسه اول.m4a", "جلسه اول.m4a", "جلسه اول"),
        ("v1.2 notes about it", "v1.2 notes about it", "v1.2 notes about it"),
        ("archive.tar.gz", "archive.tar.gz", "archive.tar"),
        (".hidden", "hidden", "hidden"),
        ("/", "", ""),
    ],
)
def test_a_file_gives_its_name_without_folders_and_a_title_without_its_ending(filename: str, kept: str, title: str) -> None:
    assert titles.of_file(filename) == kept
    assert titles.from_filename(filename) == title
