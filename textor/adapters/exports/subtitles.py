"""What SubRip and WebVTT share: cues through pysubs2, at any hour, with backslashes that stay backslashes."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from pysubs2 import SSAEvent, SSAFile
from pysubs2.formats.subrip import SubripFormat
from pysubs2.formats.webvtt import WebVTTFormat

from textor.adapters.exports.cues import Cue
from textor.domain import timecode

_BACKSLASH = "\x00"
"""Stands in for a backslash while pysubs2 works, which reads `\\N` as a new line. Cues never carry it."""


class SubRipFile(SubripFormat):
    """pysubs2's own stops at 99:59:59."""

    @staticmethod
    def ms_to_timestamp(ms: int) -> str:
        return timecode.from_milliseconds(ms, point=",")


class WebVttFile(WebVTTFormat):
    """pysubs2's own stops at 99:59:59."""

    @staticmethod
    def ms_to_timestamp(ms: int) -> str:
        return timecode.from_milliseconds(ms)


def write(
    kind: type[SubripFormat], cues: Iterable[Cue], text_of: Callable[[Cue], str], out: BinaryIO, notes: Sequence[str] = ()
) -> None:
    """Write cues as `kind`; `text_of` gives a cue's text, its lines parted by newlines. `notes` are WebVTT's comments."""
    file = SSAFile()
    for cue in cues:
        text = text_of(cue).replace("\\", _BACKSLASH).replace("\n", "\\N")
        file.append(SSAEvent(start=cue.start_ms, end=cue.end_ms, text=text))
    written = io.StringIO()
    kind.to_file(file, written, "", keep_ssa_tags=True)
    text = written.getvalue().replace(_BACKSLASH, "\\")
    if notes:
        head, _, rest = text.partition("\n\n")
        text = "\n\n".join([head, *(f"NOTE {note.replace('-->', '→')}" for note in notes), rest])
    out.write(text.encode())
