"""How long each export of a two-hour transcript takes, as a multiple of plain text in the same run. `make bench` runs it.

CPU seconds, the best of three: a busy machine slows all formats alike, so the ratios stay comparable.
"""

import io
import random
import time

from textor.adapters import discovery
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document, Segment, Word

SEGMENTS, WORDS_EACH = 1_500, 14
VOCABULARY = """
و در به از که این را با است برای آن یک خود تا کرد بر هم نیز می‌شود سال ایران مدل گزارش جلسه محصول تیم، مشتری. زبان
فارسی دقت خطا؟ کار امروز فردا Whisper GPT-4 2024 Textor API 12.5 the meeting about
"""
LIMITS = {"txt": 1, "md": 4, "csv": 4, "json": 25, "srt": 60, "vtt": 60, "docx": 60, "pdf": 600}
"""Multiples of plain text that would be news. Measured: md 1, csv 1, json 6, srt and vtt 20, docx 9, pdf 270."""


def main() -> int:
    document, seconds = _document(), {}
    for kind in discovery.export_formats():
        offered = kind()
        if sentence := offered.missing():
            print(f"exports: {kind.name} is left out: {sentence}")
            continue
        seconds[kind.name] = min(_seconds(offered, document) for _ in range(3))
    for name, taken in seconds.items():
        print(f"exports: {name:5} {taken:7.3f} s  {taken / seconds['txt']:6.1f} x txt")
    return any(taken > LIMITS.get(name, 600) * seconds["txt"] for name, taken in seconds.items())


def _document() -> Document:
    chance, vocabulary = random.Random(1), VOCABULARY.split()  # the same words each time
    segments, now = [], 0.0
    for n in range(SEGMENTS):
        words = []
        for text in chance.choices(vocabulary, k=WORDS_EACH):
            words.append(Word(text, round(now, 2), round(now + 0.3, 2), 0.9))
            now += 0.34
        said = " ".join(word.text for word in words)
        segments.append(Segment(words[0].start, words[-1].end, said, tuple(words), 0.9, ("سارا", "Reza", None)[n // 7 % 3]))
    return Document("گزارش long", segments, "fa", now, "2026-11-20T12:34:56Z", "whisper", "base")


def _seconds(kind: ExportFormat, document: Document) -> float:
    begin = time.process_time()
    kind.write(document, ExportOptions(), io.BytesIO())
    return time.process_time() - begin


if __name__ == "__main__":
    raise SystemExit(main())
