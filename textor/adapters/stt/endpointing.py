"""Speech found in a stream of samples: utterances between silences, at flat memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from textor.adapters.stt.port import PCM_RATE, Pcm

if TYPE_CHECKING:
    from pocketsphinx import Endpointer

SOFT_SECONDS = 12.0
LONGEST_SECONDS = 20.0
# The endpointer tells speech by windows of 0.3 s: a soft first or last sound lies up to that far outside of what it hands out.
WINDOW_SAMPLES = int(0.3 * PCM_RATE)
PAUSE_FRAMES = 5
SAMPLE_BYTES = 2


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
    tape = _Tape()
    size = endpointer.frame_bytes // SAMPLE_BYTES
    begin: int | None = None
    for frame in _frames(blocks, size):
        tape.add(frame)
        heard = _listen(endpointer, frame)
        if heard and begin is None:
            begin = tape.wind_to(int(endpointer.speech_start * PCM_RATE) - WINDOW_SAMPLES)
        if begin is None:
            tape.wind_to(tape.end - 3 * WINDOW_SAMPLES)
        elif heard and not endpointer.in_speech:
            yield tape.cut(int(endpointer.speech_end * PCM_RATE) + WINDOW_SAMPLES)
            begin = None
        elif tape.end - begin >= LONGEST_SECONDS * PCM_RATE:
            yield tape.cut(_pause(tape, size))
            begin = tape.begin


@dataclass(slots=True)
class _Tape:
    """The samples from `begin` up to `end`, counted from the start of the stream."""

    begin: int = 0
    held: bytearray = field(default_factory=bytearray)

    @property
    def end(self) -> int:
        return self.begin + len(self.held) // SAMPLE_BYTES

    def add(self, samples: Pcm) -> None:
        self.held += samples.tobytes()

    def samples(self) -> Pcm:
        return np.frombuffer(bytes(self.held), np.int16)

    def wind_to(self, place: int) -> int:
        """Forget what lies before `place`; returns where the tape begins now."""
        passed = max(0, min(place, self.end) - self.begin)
        del self.held[: passed * SAMPLE_BYTES]
        self.begin += passed
        return self.begin

    def cut(self, place: int) -> Utterance:
        """All up to `place`, which is taken off the tape: what follows is never heard twice."""
        utterance = Utterance(self.begin / PCM_RATE, self.samples()[: place - self.begin])
        self.wind_to(place)
        return utterance


def _frames(blocks: Iterable[Pcm], size: int) -> Iterator[Pcm]:
    """`blocks` as frames of `size` samples, then a shorter one, empty even, that says the stream is over."""
    rest: Pcm = np.zeros(0, np.int16)
    for block in blocks:
        samples = np.concatenate([rest, block])
        whole = len(samples) // size * size
        yield from samples[:whole].reshape(-1, size)
        rest = samples[whole:]
    yield rest


def _listen(endpointer: "Endpointer", frame: Pcm) -> bytes | None:
    """Speech that `frame` brings to light, None while there is none.

    PocketSphinx's own Segmenter loses the speech at the end of a stream of whole frames: `end_stream` must come in any case.
    It takes no empty frame, hence the one sample of silence.
    """
    heard: bytes | None = None
    if len(frame) * SAMPLE_BYTES == endpointer.frame_bytes:
        heard = endpointer.process(frame.tobytes())
    elif endpointer.in_speech:
        heard = endpointer.end_stream(frame.tobytes() or bytes(SAMPLE_BYTES))
    return heard


def _pause(tape: _Tape, size: int) -> int:
    """The place on the tape where speech that goes on and on is quietest, some time after it has become long."""
    samples = tape.samples()[int(SOFT_SECONDS * PCM_RATE) :]
    whole = len(samples) // size
    loudness = np.abs(samples[: whole * size].astype(np.int32)).reshape(whole, size).mean(axis=1)
    around = np.convolve(loudness, np.ones(PAUSE_FRAMES), mode="valid")
    return tape.end - len(samples) + (int(around.argmin()) * size + PAUSE_FRAMES * size // 2)
