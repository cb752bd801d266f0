"""SubRip subtitles."""

import re
from typing import BinaryIO

from textor.adapters.exports import cues, subtitles
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document

_TAG = re.compile(r"<(\s*/?\s*[A-Za-z][^<>]*)>")
_TAG_START = re.compile(r"<(?=\s*/?\s*[A-Za-z])")
_OVERRIDE = re.compile(r"\{(?=\\)")


class SubRip(ExportFormat):
    """UTF-8; a name stands where a turn opens."""

    name = "srt"
    title = "Subtitles (SRT)"
    media_type = "application/x-subrip"
    icon = "captions"
    order = 40

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        timed = cues.cues(document.segments, named=options.speakers)
        subtitles.write(subtitles.SubRipFile, timed, lambda cue: harmless("\n".join(cue.lines)), out)


def harmless(text: str) -> str:
    """SubRip has no escapes, so what a player would take for a tag, a style or a time line is written with look-alikes."""
    text = _TAG_START.sub("‹", _TAG.sub(r"‹\1›", text))
    return _OVERRIDE.sub("(", text).replace("-->", "→")
