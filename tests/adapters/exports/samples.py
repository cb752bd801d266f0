"""Transcripts for the tests of exports: Persian and Arabic with Latin and digits, and everything that breaks files."""

import io
from typing import Any

from hypothesis import strategies as st

from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document, Segment, Word

PERSIAN = "سلام! امروز دربارهٔ مدل‌هایی مثل GPT-4 و Whisper large-v3 حرف می‌زنیم؛ در سال 2024 بیش از ۱۰۰ میلیون نفر."
ARABIC = "مرحباً بكم. نسبة الخطأ انخفضت من 15.2% إلى 9.8% في إصدار Textor 1.0."
PHONE = "شمارهٔ ما 021-88776655 است و تاریخ 2026-11-20."

HAN = "漢字" * 250 + "。「（"
"""Not among NASTY, because a machine without Chinese fonts refuses to print it."""

NASTY = (
    "",
    "   \t\r\n ",
    "\x00\x01\x08\x0b\x0c\x1f\x7f\x85 control",
    "half a pair \ud800 and \udfff, \ufeff \ufffe \uffff",
    "\u202eoverride\u202c \u2066isolate\u2069 \u200eleft \u200fright",
    "می‌روم\u200d‌\u200c",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301\u0323" + "\u0301" * 80,
    "x" * 10_000,
    "1\n00:00:01,000 --> 00:00:02,000\nnot a cue",
    "WEBVTT\n\nNOTE --> <v Bob>&amp;</v>",
    "<b>bold</b> <script>alert(1)</script> <!-- --> </p> < b > a<b",
    "{\\an8}{\\i1}C:\\new\\Host\\hall \\N \\n \\h",
    '=HYPERLINK("http://x") \t+1 -2 @SUM(A1) |cmd ;,\'"',
    "# heading\n- list\n1. one\n> quote `code` [a](javascript:b) ![x](y) | --- ***",
    "&lt;&#0;&nbsp;]]><![CDATA[",
    "http://169.254.169.254/ file:///etc/passwd url(file:///etc/passwd)",
    "\u2028line\u2029paragraph",
    "-",
    "…",
)


def segment(text: str, start: float = 0.0, end: float | None = None, speaker: str | None = None, **facts: Any) -> Segment:
    """A segment without words; it lasts as long as it would take to say it unless `end` tells."""
    return Segment(start, start + 0.06 * len(text) if end is None else end, text, speaker=speaker, **facts)


def spoken(text: str, start: float = 0.0, speaker: str | None = None, pause_after: str = ".?!؟") -> Segment:
    """A segment with word times, at the pace people speak."""
    words, now = [], start
    for word in text.split():
        words.append(Word(word, round(now, 3), round(now + 0.1 + 0.04 * len(word), 3), 0.9))
        now = words[-1].end + (0.4 if word[-1] in pause_after else 0.05)
    return Segment(start, words[-1].end, text, tuple(words), 0.93, speaker, 0.8)


def document(*segments: Segment, **facts: Any) -> Document:
    known: dict[str, Any] = {
        "title": "A meeting",
        "language": "en",
        "seconds": 61.5,
        "created_at": "2026-11-20T12:34:56Z",
        "engine": "whisper",
        "model": "base",
    }
    return Document(segments=segments, **(known | facts))


def conversation() -> Document:
    return document(
        spoken("Good morning. Let's start with the numbers.", 0.4, "Alice"),
        spoken("They are better than last week.", 5.0, "Bob"),
        spoken("Very good.", 8.0, "Bob"),
        confidence=0.93,
    )


def persian() -> Document:
    return document(spoken(PERSIAN, 0.4, "سارا"), spoken(PHONE, 15.0, "Reza"), title="گفت‌وگو دربارهٔ GPT-4", language="fa")


def nasty() -> Document:
    """Every nasty text as text, speaker, title and warning; times that no recording has."""
    times = [(0, 0), (5, 1), (-3, -1), (float("nan"), 2), (0, float("inf")), (400_000.5, 400_001), (1, 1), (1, 30), (2, 3)]
    segments = [
        Segment(*times[n % len(times)], text, (Word(text, *times[(n + 1) % len(times)]),) if n % 2 else (), float("nan"), text)
        for n, text in enumerate(NASTY * 2)
    ]
    return document(*segments, title="".join(NASTY), warnings=NASTY, model=NASTY[4], language="fa", seconds=float("nan"))


def written(kind: ExportFormat, of: Document, **options: bool) -> bytes:
    """The file."""
    out = io.BytesIO()
    kind.write(of, ExportOptions(**options), out)
    return out.getvalue()


texts = st.one_of(
    st.text(max_size=300), st.sampled_from((HAN, *NASTY[:7], *NASTY[8:])), st.sampled_from((PERSIAN, ARABIC, PHONE))
)
"""Any text; hypothesis leaves surrogates out, NASTY has them."""

moments = st.floats(-10, 500_000, allow_nan=False) | st.sampled_from((0.0, 1.0, float("nan"), float("inf")))
_name = st.none() | texts
_words = st.lists(st.builds(Word, st.text(max_size=12), moments, moments), max_size=8).map(tuple)
segments = st.lists(st.builds(Segment, moments, moments, texts, _words, st.none() | st.floats(0, 1), _name), max_size=12)
documents = st.builds(lambda found, title: document(*found, title=title), segments, texts)
