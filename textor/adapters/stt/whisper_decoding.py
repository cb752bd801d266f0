"""From windows of speech to segments, with a CTranslate2 Whisper model.

A process that has used CTranslate2 can't fork children that use it too (they hang): call nothing here before a fork.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from textor.adapters.stt.port import PCM_RATE
from textor.adapters.stt.speech_windows import Window
from textor.domain.transcript import Segment, Word
from textor.errors import EngineError

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment as Heard
    from faster_whisper.transcribe import Word as HeardWord

MOST_THREADS = 4
UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my"})
DECODING: dict[str, Any] = {
    "word_timestamps": True,
    # Without the text before it a stretch can't be drawn into the last one's repetitions.
    "condition_on_previous_text": False,
    # Asked of the first half minute of speech; of the next ones only while the answer is doubtful.
    "language_detection_segments": 4,
}


def load(name: str, folder: Path) -> "WhisperModel":
    """The model in `folder`. Raises EngineError where its files are damaged."""
    from ctranslate2 import get_cuda_device_count  # noqa: PLC0415 - never before a fork
    from faster_whisper import WhisperModel  # noqa: PLC0415 - never before a fork

    device = {"device": "cuda", "compute_type": "auto"} if get_cuda_device_count() else {"device": "cpu", "compute_type": "int8"}
    try:
        # The tokenizer's own library reports a damaged file with a bare Exception.
        json.loads((folder / "tokenizer.json").read_bytes())
        return WhisperModel(str(folder), cpu_threads=min(MOST_THREADS, os.cpu_count() or 1), **device)
    except (RuntimeError, ValueError, OSError) as error:
        raise EngineError(f"The files of model {name} are damaged. Delete the model and download it again.") from error


@dataclass(slots=True)
class Decoding:
    """One recording on its way through `model`. `language` (in Whisper's code) is set by the first window where it is None."""

    model: "WhisperModel"
    seconds: float
    language: str | None = None
    language_confidence: float | None = None
    vocabulary: tuple[str, ...] = ()
    translate: bool = False

    def segments(self, first: Window, rest: Iterator[Window]) -> Iterator[Segment]:
        """The segments of all windows, lazily. What is known of the language after this call holds for all of them."""
        with _sentences():
            heard = self._transcribe(first)
        return chain(self._placed(first, heard), (segment for window in rest for segment in self._of(window)))

    def _of(self, window: Window) -> Iterator[Segment]:
        with _sentences():
            heard = self._transcribe(window)
        yield from self._placed(window, heard)

    def _transcribe(self, window: Window) -> "Iterator[Heard]":
        from faster_whisper.transcribe import restore_speech_timestamps  # noqa: PLC0415 - never before a fork

        hints = ", ".join(self.vocabulary) or None
        task = "translate" if self.translate else "transcribe"
        heard, info = self.model.transcribe(window.spoken, language=self.language, task=task, hotwords=hints, **DECODING)
        if self.language is None:
            self.language, self.language_confidence = info.language, round(float(info.language_probability), 3)
        return iter(restore_speech_timestamps(heard, list(window.speech), PCM_RATE))

    def _placed(self, window: Window, heard: "Iterator[Heard]") -> Iterator[Segment]:
        """`heard` on the recording's own clock, never past its end."""
        latest = min(window.end, self.seconds or window.end)

        def at(time: float) -> float:
            return round(min(latest, max(0.0, window.start + float(time))), 3)

        with _sentences():
            for segment in heard:
                words = tuple(
                    Word(_text(parts), at(parts[0].start), at(parts[-1].end), _share(fmean(part.probability for part in parts)))
                    for parts in _whole(segment.words or (), spaced=self.translate or self.language not in UNSPACED)
                )
                if segment.text.strip():
                    yield Segment(at(segment.start), at(segment.end), segment.text.strip(), words, _confidence(segment, words))


def _whole(spoken: "Iterable[HeardWord]", *, spaced: bool) -> "Iterator[list[HeardWord]]":
    """The parts of each word: the library takes o'clock for two words, but only a word's first part begins with a space."""
    parts: list[HeardWord] = []
    for word in spoken:
        if parts and (word.word[:1].isspace() or not spaced):
            yield parts
            parts = []
        parts.append(word)
    if parts:
        yield parts


def _text(parts: "list[HeardWord]") -> str:
    return "".join(part.word for part in parts).strip()


def _confidence(segment: "Heard", words: tuple[Word, ...]) -> float:
    if not words:
        return _share(math.exp(segment.avg_logprob))
    return _share(fmean(word.confidence or 0.0 for word in words))


def _share(value: float) -> float:
    """The library's numbers are NumPy's; some end a hair outside of 0..1."""
    return round(min(1.0, max(0.0, float(value))), 3)


@contextmanager
def _sentences() -> Iterator[None]:
    """CTranslate2 reports everything as RuntimeError, a lack of memory above all."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        raise EngineError(
            "Whisper broke off, most likely because this server ran out of memory. Try again, or choose a smaller model.",
            retryable=True,
        ) from error
