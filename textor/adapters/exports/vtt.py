"""WebVTT captions, for browsers."""

from html import escape
from typing import BinaryIO

from textor.adapters.exports import cues, subtitles
from textor.adapters.exports.cues import Cue
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document


class WebVtt(ExportFormat):
    """Voice tags tell who speaks; the browser decides each cue's direction by its first letter."""

    name = "vtt"
    title = "Captions (WebVTT)"
    media_type = "text/vtt"
    icon = "captions"
    order = 50

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        timed = cues.cues(document.segments)
        subtitles.write(subtitles.WebVttFile, timed, _voiced if options.speakers else _text, out)


def _text(cue: Cue) -> str:
    return "\n".join(escape(line, quote=False) for line in cue.lines)


def _voiced(cue: Cue) -> str:
    return f"<v {escape(cue.speaker, quote=False)}>{_text(cue)}" if cue.speaker else _text(cue)
