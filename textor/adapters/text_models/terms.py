"""What a word is to the built-in model: folded, without endings, and nothing where it says nothing by itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from textor.adapters.text_models import stop_words
from textor.domain import folding
from textor.domain.folding import Token

Arabic = Literal["fa", "ar"]

SAMPLED = 500
"""Sentences that are looked at to tell the language."""
SHORTEST_STEM = 3
_ENGLISH_ENDINGS = (
    *(("ational", "ate"), ("ization", "ize"), ("ations", "ate"), ("ation", "ate"), ("fulness", "ful"), ("ousness", "ous")),
    *(("ingly", ""), ("edly", ""), ("ies", "y"), ("ied", "y"), ("ing", ""), ("ment", ""), ("ness", ""), ("ely", ""), ("ly", "")),
    *(("ed", ""), ("es", ""), ("s", "")),
)
_PERSIAN_ENDINGS = ("هایشان", "هایمان", "هایتان", "هایی", "های", "ها", "ترین", "تر", "مان", "شان", "ات", "ان", "ام", "ای", "ی")
_ARABIC_BEGINNINGS = ("وال", "بال", "فال", "کال", "ولل", "لل", "ال")
_ARABIC_ENDINGS = ("یات", "هما", "ات", "وا", "ون", "ین", "ان", "ها", "هم", "نا", "یه", "ه", "ی", "ا", "ت")
_AND = "و"
"""Arabic writes it as the next word's first letter, where a word of its own may have one, too."""
_LATIN = re.compile(r"[a-z0-9]+")
_PERSIAN_LETTERS = re.compile("[پچژگ]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How words of a transcript become terms: its Arabic letters may write Persian or Arabic, which end their words apart."""

    arabic: Arabic

    def terms(self, text: str) -> list[str]:
        """The words of a text that say something, as they are compared. Compounds and what is written on to an Arabic «and» are
        there in both spellings."""
        tokens = list(folding.tokens(text))
        behind_and = [token.key[1:] for token in tokens if self.arabic == "ar" and token.key.startswith(_AND)]
        found = [term for token in tokens for term in self.of(token)]
        joined = (stem(token.key, self.arabic) for token in tokens if token.parts and self.of(token))
        parted = (stem(key, "ar") for key in behind_and if len(key) >= SHORTEST_STEM and is_telling(key))
        return found + [term for term in (*joined, *parted) if term not in found]

    def of(self, token: Token) -> tuple[str, ...]:
        """What a word, or the parts of one with ZWNJs, says; nothing where it is an empty word."""
        return _meaning(token.parts or (token.key,), self.arabic)


@lru_cache(maxsize=50_000)
def _meaning(parts: tuple[str, ...], arabic: Arabic) -> tuple[str, ...]:
    whole = len(parts) == 1
    return tuple(stem(part, arabic) for part in parts if is_telling(part) and (whole or part not in _PERSIAN_ENDINGS))


def vocabulary(texts: Sequence[str], language: str | None = None) -> Vocabulary:
    """The one for these texts, whose language may be known."""
    code = (language or "").replace("_", "-").split("-")[0].lower()
    if code in {"fa", "ar"}:
        return Vocabulary("ar" if code == "ar" else "fa")
    persian = arabic = 0
    for text in texts[:: len(texts) // SAMPLED + 1]:
        keys = folding.words(text)
        persian += sum(key in stop_words.PERSIAN for key in keys) + len(_PERSIAN_LETTERS.findall(text))
        arabic += sum(key in stop_words.ARABIC or key.startswith("ال") for key in keys)
    return Vocabulary("ar" if arabic > persian else "fa")


def is_telling(key: str) -> bool:
    """Whether a folded word says something by itself."""
    is_unspaced = len(key) == 1 and ord(key) > 0x0E00  # a letter of a script without spaces is a word
    return (len(key) > 1 or is_unspaced or key.isdigit()) and key not in stop_words.ALL


def stem(key: str, arabic: Arabic) -> str:
    """A word without what it ends in."""
    if _LATIN.fullmatch(key):
        return _english(key)
    if arabic == "fa":
        return _without_ending(key, _PERSIAN_ENDINGS)
    for beginning in _ARABIC_BEGINNINGS:
        if key.startswith(beginning) and len(key) - len(beginning) >= SHORTEST_STEM - 1:
            key = key[len(beginning) :]
            break
    return _without_ending(key, _ARABIC_ENDINGS)


def openings(key: str, arabic: Arabic) -> tuple[str, ...]:
    """How words begin that come to the same term: for an index that knows words and their beginnings."""
    stemmed = stem(key, arabic)
    if _LATIN.fullmatch(key):
        shared = takewhile(lambda pair: pair[0] == pair[1], zip(key, stemmed, strict=False))
        return ("".join(letter for letter, _ in shared),)
    whole = (key,) if not key.startswith(stemmed) else ()
    articles = (f"{beginning}{stemmed}" for beginning in _ARABIC_BEGINNINGS) if arabic == "ar" else ()
    return (stemmed, *whole, *articles)


def _without_ending(key: str, endings: Iterable[str]) -> str:
    for ending in endings:
        if key.endswith(ending) and len(key) - len(ending) >= SHORTEST_STEM:
            return key[: -len(ending)]
    return key


def _english(key: str) -> str:
    for ending, instead in _ENGLISH_ENDINGS:
        is_plain_s = ending == "s" and key.endswith(("ss", "us", "is"))
        if key.endswith(ending) and len(key) - len(ending) >= SHORTEST_STEM and not is_plain_s:
            key = key[: -len(ending)] + instead
            break
    if len(key) > SHORTEST_STEM and key[-1] == key[-2] and key[-1] not in "slz":
        return key[:-1]  # planned: plann: plan
    return key[:-1] if key.endswith("e") and len(key) > SHORTEST_STEM else key
