import pytest
from hypothesis import given
from hypothesis import strategies as st

from textor.domain.writing import LONGEST_NAME_BYTES, clean, direction, file_name, joined, with_numbers_in_order


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a \r\n\t b\u2028c ", "a b c"),
        ("a\x00b\x07\ud800\ufeff\uffff", "ab"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("می\u200cروم \u200e1\u200f", "می\u200cروم \u200e1\u200f"),
        ("20\u00a0€", "20\u00a0€"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_a_clean_text_is_one_line_of_what_files_can_carry(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert not any(character < " " for character in clean(text))


@pytest.mark.parametrize(
    ("text", "expected"), [("hello سلام", "ltr"), ("«سلام» hello", "rtl"), ("1405: שלום", "rtl"), ("12:30 …", None), ("", None)]
)
def test_the_first_letter_decides_the_direction(text: str, expected: str | None) -> None:
    assert direction(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("تلفن 021-88776655", "تلفن \u200e021-88776655"),
        ("تاریخ ۱۴۰۵-۰۸-۲۹ است", "تاریخ \u200e۱۴۰۵-۰۸-۲۹ است"),
        ("شماره +98912", "شماره \u200e+98912"),
        ("صفحهٔ 5-10", "صفحهٔ 5-10"),
        ("سال 2024 و 3.5", "سال 2024 و 3.5"),
        ("GPT-4-0314", "GPT-4-0314"),
    ],
)
def test_phone_numbers_and_dates_keep_their_order_on_paper(text: str, expected: str) -> None:
    assert with_numbers_in_order(text) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a", "b", "a b"),
        ("好。", "再见", "好。再见"),
        ("好", "b", "好 b"),
        ("안녕", "하세요", "안녕 하세요"),
        ("", "b", "b"),
        ("a", "", "a"),
    ],
)
def test_pieces_are_joined_as_their_script_is_written(before: str, after: str, expected: str) -> None:
    assert joined(before, after) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("گفت‌وگو دربارهٔ GPT-4", "گفت‌وگو دربارهٔ GPT-4.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ('a "b" <c>: d?', "a -b- -c- d.pdf"),
        ("\u202egnp.exe\x00\n", "gnp.exe.pdf"),
        ("", "transcript.pdf"),
        ("...", "transcript.pdf"),
        ("nul", "_nul.pdf"),
        ("COM1.txt", "_COM1.txt.pdf"),
        ("ا" * 300, "ا" * 90 + ".pdf"),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(title: str, expected: str) -> None:
    assert file_name(title, "pdf") == expected


@given(st.text(max_size=400))
def test_any_title_makes_a_file_name(title: str) -> None:
    name = file_name(title, "srt")
    assert name.endswith(".srt")
    assert len(name.encode()) <= LONGEST_NAME_BYTES + 5
    assert not set(name) & set('/\\:*?"<>|\n\r\0')
    assert not name.startswith(".")
