"""What a word is to a search: the same for every spelling that people take for the same, and where it stands in the text.

Case, diacritics, kinds of digits, Arabic and Persian forms of one letter, tatweel, joiners and other invisible signs make no
difference. A script that is written without spaces is told apart letter by letter; words of it are runs of such letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LONGEST = 64
"""Letters of a word that count."""

ZWNJ = "\u200c"
_INVISIBLE = "\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"  # within a word they part nothing
_UNSPACED = "\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2-\u0ec6\u1000-\u102a\u1780-\u17b3"  # Thai to Khmer
_UNSPACED += "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED += "\uff66-\uff9d\U00020000-\U0003ffff"
_BASIC = [chr(code) for code in range(0x300, 0xFFFE)]
_MARKS = "".join(one for one in _BASIC if unicodedata.category(one)[0] == "M") + "\uff9e\uff9f"  # and those of narrow kana

_WORD = re.compile(f"[{_UNSPACED}][{_MARKS}]*|(?:(?![{_UNSPACED}])[^\\W_])(?:(?![{_UNSPACED}])[^\\W_]|[{_MARKS}{_INVISIBLE}])*")
_NOT_A_LETTER = re.compile(f"(?:(?![{_MARKS}])[\\W_])+")

# Signs above and below Latin, Greek, Cyrillic, Hebrew and Arabic letters. In other scripts a mark is a letter of its own.
_DIACRITICS = (
    *((0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x5BF, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670)),
    *((0x6D6, 0x6DC), (0x6DF, 0x6E8), (0x6EA, 0x6ED), (0x898, 0x89F), (0x8CA, 0x8E1), (0x8E3, 0x8FF)),
    *((0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
)
_SAME = {
    "ک": "كڪګ",
    "ی": "يىېےۍؠ",
    "ه": "ەہھۃةۂۀ",
    "ا": "ٱٲٳ",
    "a": "ⱥ",
    "d": "đð",
    "h": "ħ",
    "i": "ı",
    "l": "ł",
    "o": "ø",
    "t": "ŧ",
    "ae": "æ",
    "oe": "œ",
    "th": "þ",
}
_FOLDED = (
    {code: None for first, last in _DIACRITICS for code in range(first, last + 1)}
    | {ord("ـ"): None}
    | {ord(other): letter for letter, others in _SAME.items() for other in others}
    | {ord(one): str(unicodedata.decimal(one)) for one in _BASIC if unicodedata.category(one) == "Nd"}
)


class Token(NamedTuple):
    """A word as it is compared, and [start, end) of what is written there; `parts`: of what ZWNJs part, where they do."""

    key: str
    start: int
    end: int
    parts: tuple[str, ...] = ()


def fold(text: str) -> str:
    """The words of a text as they are compared, with spaces between."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The same, one by one."""
    return [key for written in _WORD.findall(text) if (key := _key(written))]


def parts(text: str) -> list[str]:
    """The words that are parts of a compound with ZWNJs."""
    if ZWNJ not in text:
        return []
    return [part for written in _WORD.findall(text) if ZWNJ in written for part in _parts(written)]


def tokens(text: str) -> Iterator[Token]:
    """The words and where they stand."""
    for found in _WORD.finditer(text):
        written = found[0]
        if key := _key(written):
            yield Token(key, found.start(), found.end(), _parts(written) if ZWNJ in written else ())


def _parts(written: str) -> tuple[str, ...]:
    keys = tuple(key for part in written.split(ZWNJ) if (key := _key(part)))
    return keys if len(keys) > 1 else ()


@lru_cache(maxsize=50_000)  # what people say has few different words
def _key(written: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    stripped = unicodedata.normalize("NFD", plain).translate(_FOLDED)
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFC", stripped))[:LONGEST]
