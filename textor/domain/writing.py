"""Text as files need it: which way it runs, and which characters no file should carry."""

import re
import unicodedata

_NOT_FOR_FILES = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters; XML knows no way to write the first of them
    "\ud800-\udfff\ufeff\ufffe\uffff"  # halves of surrogate pairs, byte order marks, non-characters
    "\u202a-\u202e\u2066-\u2069]"  # embeddings, overrides and isolates: one that isn't closed turns what follows around
)
_SPACES = re.compile("[ \t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")  # not the no-break spaces
_DIGITS = "[0-9۰-۹]"
_NUMBER_IN_PARTS = re.compile(  # +98…, 021-…, 2026-11-20; but not 5-10, which is read from right to left
    rf"(?<![\w.,+-])(?:\+{_DIGITS}|[0۰]{_DIGITS}*-{_DIGITS}|{_DIGITS}+-{_DIGITS}+-{_DIGITS})"
)
_NOT_IN_NAMES = re.compile(r"[/\\:*?\"<>|\u200e\u200f\u061c]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
LONGEST_NAME_BYTES = 180
_LEFT_TO_RIGHT_MARK = "\u200e"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def clean(text: str) -> str:
    """One line without the characters that break files or layouts. Joiners and direction marks stay: Persian needs them."""
    return _SPACES.sub(" ", _NOT_FOR_FILES.sub("", text)).strip(" ")


def direction(text: str) -> str | None:
    """`rtl` or `ltr` by the first letter that has a direction, as Unicode's bidirectional algorithm does; None: no letter."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return "ltr"
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
    return None


def with_numbers_in_order(text: str) -> str:
    """Right-to-left text whose phone numbers and dates keep their parts in order: Unicode would print 021-8877 as 8877-021."""
    return _NUMBER_IN_PARTS.sub(lambda match: _LEFT_TO_RIGHT_MARK + match[0], text)


def file_name(title: str, extension: str) -> str:
    """A name that every file system takes: no separators, no quotes, no invisible turns, not a Windows device, not too long."""
    name = _NOT_IN_NAMES.sub("-", clean(title)).encode()[:LONGEST_NAME_BYTES].decode(errors="ignore").strip(" .-")
    name = name or "transcript"
    return f"{'_' if _DEVICES.fullmatch(name.split('.')[0]) else ''}{name}.{extension}"


def joined(before: str, after: str) -> str:
    """Two pieces of text that follow each other; Chinese and Japanese go without a space between."""
    has_gap = not (_is_unspaced(before[-1:]) and _is_unspaced(after[:1]))
    return f"{before}{' ' if before and after and has_gap else ''}{after}"


def _is_unspaced(character: str) -> bool:
    """Ideographs, kana and full-width marks, but not Hangul, which is written with spaces."""
    is_wide = bool(character) and unicodedata.east_asian_width(character) in {"W", "F"}
    return is_wide and unicodedata.category(character) != "So" and not "\uac00" <= character <= "\ud7a3"
