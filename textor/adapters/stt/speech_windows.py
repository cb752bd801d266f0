"""A long recording as windows of minutes, cut where nobody speaks: what a model that hears everything at once can hold."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from textor.adapters.stt.port import PCM_RATE, Pcm

WINDOW_SECONDS = 300.0
LAST_RESORT_SECONDS = 30.0
LOUDNESS_SAMPLES = PCM_RATE // 4

Floats = npt.NDArray[np.float32]
"""Mono samples at 16 kHz, -1..1, shape (n,)."""


class Stretch(TypedDict):
    """Samples from `start` up to, not including, `end`: the shape that faster-whisper works with."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """Some minutes of a recording. `start` is in seconds; `speech` is never empty."""

    start: float
    samples: Floats
    speech: Sequence[Stretch]

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / PCM_RATE

    @property
    def spoken(self) -> Floats:
        """The speech alone, its stretches joined."""
        return np.concatenate([self.samples[part["start"] : part["end"]] for part in self.speech])


def windows(blocks: Iterable[Pcm], seconds: float = WINDOW_SECONDS) -> Iterator[Window]:
    """What of `blocks` holds speech, in windows of at most `seconds`. Memory does not grow with the length."""
    longest = int(seconds * PCM_RATE)
    passed, held, count = 0, list[Pcm](), 0
    for block in blocks:
        held.append(block)
        count += len(block)
        while count >= longest:
            samples = np.concatenate(held)
            window, cut = _first(samples[:longest], passed, is_last=False)
            yield from window
            held, count, passed = [samples[cut:]], count - cut, passed + cut
    if count:
        yield from _first(np.concatenate(held), passed, is_last=True)[0]


def _first(pcm: Pcm, passed: int, *, is_last: bool) -> tuple[list[Window], int]:
    """The window that begins `pcm`, if anyone speaks in it, and after how many samples it is cut."""
    samples: Floats = pcm.astype(np.float32) / np.float32(32_768)
    speech = _speech(samples)
    cut = len(samples) if is_last else _cut(samples, speech)
    kept = [Stretch(start=part["start"], end=min(part["end"], cut)) for part in speech if part["start"] < cut]
    return ([Window(passed / PCM_RATE, samples[:cut], kept)] if kept else []), cut


def _cut(samples: Floats, speech: Sequence[Stretch]) -> int:
    """Where to end a window: before the speech that its end would tear, or at the quietest moment of speech that never pauses."""
    if not speech or speech[-1]["end"] < len(samples):
        return len(samples)
    if speech[-1]["start"] > len(samples) // 2:
        return speech[-1]["start"]
    first = max(len(samples) // 2, len(samples) - int(LAST_RESORT_SECONDS * PCM_RATE))
    whole = (len(samples) - first) // LOUDNESS_SAMPLES
    loudness = np.abs(samples[first : first + whole * LOUDNESS_SAMPLES]).reshape(whole, -1).mean(axis=1)
    return first + int(loudness.argmin()) * LOUDNESS_SAMPLES + LOUDNESS_SAMPLES // 2


def _speech(samples: Floats) -> list[Stretch]:
    """With the library's own measures: two seconds end a stretch, which keeps 0.4 s of what surrounds it."""
    from faster_whisper.vad import get_speech_timestamps  # noqa: PLC0415 - on use

    found: list[Stretch] = get_speech_timestamps(samples)
    return found
