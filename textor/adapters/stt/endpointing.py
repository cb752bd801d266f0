"""Speech found in a stream of samples: utterances between silences, at flat memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from textor.adapters.stt.port import PCM_RATE, Pcm

if TYPE_CHECKING:
    from pocketsphinx import Endpointer

SOFT_SECONDS = 12.0
LONGEST_SECONDS = 20.0
PAUSE_FRAMES = 5


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech. `start` is in seconds from the beginning of the stream."""

    start: float
    samples: Pcm

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / PCM_RATE


def utterances(blocks: Iterable[Pcm]) -> Iterator[Utterance]:
    """Cut `blocks` (of any lengths) at silences. Silence yields nothing, the end of the stream ends an utterance.

    Speech without a pause is cut at its quietest moment between SOFT_SECONDS and LONGEST_SECONDS.
    """
    from pocketsphinx import Endpointer  # noqa: PLC0415 - on use, like every engine's library

    endpointer = Endpointer()
    start, frames = 0.0, list[Pcm]()
    for frame, is_last in _frames(blocks, endpointer.frame_bytes // 2):
        heard = _listen(endpointer, frame, is_last=is_last)
        if heard is None:
            continue
        start = start if frames else endpointer.speech_start
        frames.append(heard)
        cut = len(frames) if not endpointer.in_speech else _cut(frames)
        if cut:
            utterance = Utterance(start, np.concatenate(frames[:cut]))
            start, frames = utterance.end, frames[cut:]
            yield utterance
    if frames:  # the endpointer has nothing to add where the last of the stream is silence, and not enough of it to end speech
        yield Utterance(start, np.concatenate(frames))


def _frames(blocks: Iterable[Pcm], size: int) -> Iterator[tuple[Pcm, bool]]:
    """`blocks` as frames of `size` samples, the last one perhaps shorter, each with whether it is the last."""
    rest: Pcm = np.zeros(0, np.int16)
    for block in blocks:
        samples = np.concatenate([rest, block])
        known = max(0, len(samples) - 1) // size * size  # what may yet be the stream's end is held back
        for frame in samples[:known].reshape(-1, size):
            yield frame, False
        rest = samples[known:]
    if len(rest):
        yield rest, True


def _listen(endpointer: "Endpointer", frame: Pcm, *, is_last: bool) -> Pcm | None:
    """Speech that `frame` brings to light, None while there is none.

    PocketSphinx's own Segmenter loses speech that lasts to the end of a stream of whole frames: `end_stream` must always come.
    """
    if not is_last:
        heard = endpointer.process(frame.tobytes())
    elif endpointer.in_speech:
        heard = endpointer.end_stream(frame.tobytes())
    else:
        heard = None
    return np.frombuffer(heard, np.int16) if heard else None


def _cut(frames: list[Pcm]) -> int:
    """After how many of `frames` speech that goes on should be cut; 0 while it is short enough."""
    per_second = PCM_RATE / len(frames[0])
    if len(frames) < LONGEST_SECONDS * per_second:
        return 0
    first = int(SOFT_SECONDS * per_second)
    loudness = np.array([np.abs(frame.astype(np.int32)).mean() for frame in frames[first:]])
    around = np.convolve(loudness, np.ones(PAUSE_FRAMES), mode="valid")
    return first + int(around.argmin()) + PAUSE_FRAMES // 2
