"""What a text model wrote, as a page lays it out: paragraphs and lists of plain text, and the times of what it quotes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from textor.domain import writing

POINT = re.compile(r"[-*•–]\s+")
CLOSING = "….,;:!?؟،؛。»”’\"')]"  # what belongs to the quote before it
NUMBER = re.compile(r"\d{1,3}[.)]\s+")  # of any script


@dataclass(frozen=True, slots=True)
class Cite:
    """A place in a recording. `title` is that of another page's recording; `address` leads there without script, too."""

    start: float
    text: str
    address: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and what it ends on quoting."""

    text: str
    cite: Cite | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (`p`, one item) or a list (`ul`, `ol`)."""

    kind: str
    items: list[list[Piece]]


@dataclass(frozen=True, slots=True)
class Prose:
    """The whole; `rest` is cited without being quoted in so many words."""

    blocks: list[Block] = field(default_factory=list)
    rest: Sequence[Cite] = ()


def cites(citations: Sequence[Mapping[str, Any]], here: str = "") -> list[Cite]:
    """{start, end, text, ids} each, with the `transcription_id` and the `title` of those that aren't in the transcript `here`."""
    return [_cite(one, here) for one in citations]


def lay_out(text: str, cited: Sequence[Cite]) -> Prose:
    """The text line by line; a cited quote that stands in it has its time behind it."""
    blocks: list[Block] = []
    left = list(cited)
    for line in filter(None, map(writing.clean, text.splitlines())):
        kind, words = _read(line)
        pieces, left = _pieces(words, left)
        if blocks and blocks[-1].kind == kind != "p":
            blocks[-1].items.append(pieces)
        else:
            blocks.append(Block(kind, [pieces]))
    return Prose(blocks, left)


def _read(line: str) -> tuple[str, str]:
    for kind, mark in (("ul", POINT), ("ol", NUMBER)):
        if found := mark.match(line):
            return kind, line[found.end() :]
    return "p", line


def _pieces(line: str, cited: Sequence[Cite]) -> tuple[list[Piece], list[Cite]]:
    """The line cut behind each quote, and the citations that are not in it."""
    pieces: list[Piece] = []
    left: list[Cite] = []
    position = 0
    for one in cited:
        quote = writing.clean(one.text)
        place = line.find(quote, position) if quote else -1
        if place < 0:
            left.append(one)
            continue
        end = place + len(quote)
        end += len(line[end:]) - len(line[end:].lstrip(CLOSING))
        pieces.append(Piece(line[position:end], one))
        position = end
    if line[position:].strip() or not pieces:
        pieces.append(Piece(line[position:]))
    return pieces, left


def _cite(one: Mapping[str, Any], here: str) -> Cite:
    start, ids, of = float(one["start"]), one.get("ids") or (), one.get("transcription_id") or here
    if of != here:
        address = url_for("transcript.show", transcription_id=of, _anchor=f"t={start:g}")
        return Cite(start, str(one["text"]), address, str(one.get("title") or ""))
    return Cite(start, str(one["text"]), f"#g{int(ids[0]) + 1}" if ids else f"#t={start:g}")
