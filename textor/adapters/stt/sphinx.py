"""PocketSphinx: English, on this machine, nothing to download. A draft rather than a fair copy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from textor.adapters.stt import endpointing
from textor.adapters.stt.endpointing import Utterance
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options, Pcm
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import EngineError
from textor.settings import Settings

if TYPE_CHECKING:
    from pocketsphinx import Decoder

# Wider beams and more Gaussians than the library's defaults: a tenth fewer wrong words for a third of a second per second.
SEARCH = {"topn": 8, "beam": 1e-60, "wbeam": 1e-35, "pbeam": 1e-60}
LOUDNESS = 32_768 * 10 ** (-20 / 20)
LOUDEST_PEAK = 32_000
FRAMES_PER_SECOND = 100
FILLER = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
VARIANT = re.compile(r"\(\d+\)$")


@dataclass(frozen=True)
class SphinxEngine(Engine):
    """Decodes utterance by utterance and yields each as a segment; memory stays flat however long the recording is."""

    library: str = "pocketsphinx"

    name = "sphinx"
    title = "PocketSphinx"
    description = "English only, works offline at once. Good for a first draft of clear speech."
    capabilities = Capabilities(languages=frozenset({"en"}), word_times=True, runs_locally=True)
    order = 20

    @classmethod
    def from_settings(cls, settings: Settings) -> "SphinxEngine":
        return cls()

    def availability(self) -> Availability:
        if find_spec(self.library) is None:
            return Availability(False, "PocketSphinx is not installed here. Install it with `pip install pocketsphinx`.")
        return Availability(True)

    def start(self, audio: Audio, options: Options) -> Transcript:
        """Transcribe; the segments come as they are heard. English is taken for granted where no language is named."""
        self.check_options(options)
        state = self.availability()
        if state.reason:
            raise EngineError(state.reason)
        return Transcript(_segments(audio), language="en")


def _segments(audio: Audio) -> Iterator[Segment]:
    decoder = _decoder()
    for utterance in endpointing.utterances(audio.blocks()):
        words = tuple(_words(decoder, utterance, audio.seconds or utterance.end))
        if words:
            yield _segment(words)


def _decoder() -> "Decoder":
    from pocketsphinx import Decoder  # noqa: PLC0415 - on use: 100 MB of model

    return Decoder(loglevel="FATAL", **SEARCH)


def _segment(words: tuple[Word, ...]) -> Segment:
    rated = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start=words[0].start,
        end=words[-1].end,
        text=" ".join(word.text for word in words),
        words=words,
        confidence=round(sum(rated) / len(rated), 3),
    )


def _words(decoder: "Decoder", utterance: Utterance, seconds: float) -> Iterator[Word]:
    """What the decoder hears in `utterance`. The whole of it at once: decoding in pieces costs a fifth of all words."""
    decoder.start_utt()
    try:
        decoder.process_raw(_levelled(utterance.samples).tobytes(), full_utt=True)
    finally:
        # An utterance left open makes every later one fail.
        decoder.end_utt()
    latest = min(utterance.end, seconds)
    for heard in decoder.seg() or ():
        if FILLER.fullmatch(heard.word):
            continue
        yield Word(
            text=VARIANT.sub("", heard.word),
            start=round(min(utterance.start + heard.start_frame / FRAMES_PER_SECOND, latest), 3),
            end=round(min(utterance.start + (heard.end_frame + 1) / FRAMES_PER_SECOND, latest), 3),
            confidence=round(min(1.0, max(0.0, float(heard.prob))), 3),
        )


def _levelled(samples: Pcm) -> Pcm:
    """`samples` at -20 dBFS, the loudness the acoustic model knows, without clipping."""
    exact = samples.astype(np.float32)
    loudness = max(1.0, float(np.sqrt(np.mean(exact**2))))
    peak = max(1.0, float(np.abs(exact).max()))
    return (exact * min(LOUDNESS / loudness, LOUDEST_PEAK / peak)).astype(np.int16)
