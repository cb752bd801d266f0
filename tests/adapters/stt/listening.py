"""What the engines' tests hear with: recordings as `Audio`, and a process apart for CTranslate2.

A process that has used CTranslate2 can't fork children that use it, and other tests fork workers: Whisper runs in a spawned
process here.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import FIXTURES
from textor.adapters.audio import convert
from textor.adapters.stt.port import PCM_RATE, Audio, Engine, Options, Pcm
from textor.domain.transcript import Segment, Transcript

REFERENCES: dict[str, Any] = json.loads((FIXTURES / "recordings.json").read_text(encoding="utf-8"))

NO_OPTIONS = Options()


@dataclass(frozen=True)
class Heard:
    """A transcript whose segments have all come."""

    segments: tuple[Segment, ...]
    language: str | None
    language_confidence: float | None
    details: dict[str, object]

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


@cache
def samples(path: Path) -> Pcm:
    """The whole recording."""
    return np.concatenate(list(convert.blocks(path)))


def silence(seconds: float) -> Pcm:
    return np.zeros(int(seconds * PCM_RATE), np.int16)


def noise(seconds: float) -> Pcm:
    return np.random.default_rng(7).normal(0, 300, int(seconds * PCM_RATE)).astype(np.int16)


def in_blocks(pcm: Pcm, size: int) -> Iterator[Pcm]:
    """`pcm` in blocks of `size` samples, the last one shorter."""
    return (pcm[begin : begin + size] for begin in range(0, len(pcm), size))


def audio(source: Path | Pcm, *, seconds: float | None = None) -> Audio:
    """A file, or samples in blocks of a second."""
    pcm = samples(source) if isinstance(source, Path) else source
    path = source if isinstance(source, Path) else Path("nowhere.wav")
    return Audio(path, len(pcm) / PCM_RATE if seconds is None else seconds, 1, partial(in_blocks, pcm, PCM_RATE))


def hear(engine: Engine, source: Path | Pcm, options: Options = NO_OPTIONS, *, seconds: float | None = None) -> Heard:
    """Everything that `engine` hears."""
    answer = engine.start(audio(source, seconds=seconds), options)
    assert isinstance(answer, Transcript)
    return Heard(tuple(answer.segments), answer.language, answer.language_confidence, dict(answer.details))


class Apart:
    """Runs functions in a process of their own."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def run(self, function: Callable[..., Any], *arguments: object, **options: object) -> Any:
        return self._pool.submit(function, *arguments, **options).result(timeout=100)


@contextmanager
def process_apart() -> Iterator[Apart]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield Apart(pool)


def assert_well_timed(segments: Sequence[Segment], seconds: float) -> None:
    """Words and segments follow each other inside of the recording, rated 0..1, in plain floats."""
    assert segments
    latest = 0.0
    for segment in segments:
        assert latest - 0.01 <= segment.start <= segment.end <= seconds
        latest = segment.end
        times = [time for word in segment.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert segment.start <= times[0] and times[-1] <= segment.end
        ratings = [segment.confidence, *(word.confidence for word in segment.words)]
        assert all(type(rating) is float and 0 <= rating <= 1 for rating in ratings)
        assert {type(time) for time in times} == {float}
