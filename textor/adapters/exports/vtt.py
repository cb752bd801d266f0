"""WebVTT captions, for browsers."""

from html import escape
from typing import BinaryIO

from textor.adapters.exports import cues, layout, subtitles
from textor.adapters.exports.cues import Cue
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document


class WebVtt(ExportFormat):
    """Voice tags tell who speaks; the browser decides each cue's direction by its first letter. What is missing is a
    comment: a cue would be words that nobody said."""

    name = "vtt"
    title = "Captions (WebVTT)"
    media_type = "text/vtt"
    icon = "captions"
    order = 50

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        timed = cues.cues(document.segments)
        missing = [layout.gap_sentence(gap) for gap in document.gaps]
        subtitles.write(subtitles.WebVttFile, timed, _voiced if options.speakers else _text, out, missing)


def _text(cue: Cue) -> str:
    return "\n".join(escape(line, quote=False) for line in cue.lines)


def _voiced(cue: Cue) -> str:
    return f"<v {escape(cue.speaker, quote=False)}>{_text(cue)}" if cue.speaker else _text(cue)
