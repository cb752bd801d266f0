"""Text as Word's runs. Word wants to be told which runs are right-to-left: it picks font, size and language by that."""

import unicodedata
from collections.abc import Iterator
from html import escape
from itertools import groupby

_LETTERS = {"L": "ltr", "R": "rtl", "AL": "rtl", "AN": "rtl"}
_FOLLOWERS = frozenset({"NSM", "BN", "EN"})
"""Accents, joiners and digits go with what stands before them."""


def runs(text: str, base: str, style: str = "") -> str:
    """The XML of a text's runs; `base` is the direction of its paragraph, `style` a character style."""
    chosen = f'<w:rStyle w:val="{style}"/>' if style else ""
    return "".join(_run(part, chosen + ("<w:rtl/>" if kind == "rtl" else "")) for part, kind in stretches(text, base))


def stretches(text: str, base: str) -> Iterator[tuple[str, str]]:
    """The text cut where its direction changes, each part with its direction."""
    kinds = _kinds(text, base)
    for kind, places in groupby(range(len(text)), kinds.__getitem__):
        yield "".join(text[place] for place in places), kind


def _kinds(text: str, base: str) -> list[str]:
    """The direction of every character. One without its own has that of the letters on both sides, or the paragraph's where
    those differ (N1 and N2 of Unicode's bidirectional algorithm)."""
    kinds: list[str] = []
    before = base
    for place, character in enumerate(text):
        bidi = unicodedata.bidirectional(character)
        kind = before if bidi in _FOLLOWERS else _LETTERS.get(bidi)
        if kind:
            kinds += [kind if kind == before else base] * (place - len(kinds))
            kinds.append(kind)
            before = kind
    return kinds + [base] * (len(text) - len(kinds))


def _run(text: str, properties: str) -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r>'
