"""Clean English speech with references, where this machine has it, and PocketSphinx called directly, to compare with."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder, Endpointer

from tests.adapters.stt.listening import samples
from tests.conftest import SHARED
from textor.adapters.stt.port import Pcm

AUDIO = SHARED / "audio"
# Damaged on purpose, noisy, of telephone quality, or with a reference that is no transcript.
NOT_CLEAN = re.compile(r"broken_|call_|fw_|jfk_(8k|noisy|quiet)")


@dataclass(frozen=True)
class Clip:
    path: Path
    seconds: float
    reference: str


def clean_clips() -> list[Clip]:
    """All of them; the same speech stands in several formats."""
    with (AUDIO / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["language"] == "en" and row["reference"]]
    return [
        Clip(AUDIO / row["file"], float(row["seconds"]), row["reference"]) for row in rows if not NOT_CLEAN.match(row["file"])
    ]


def librarys_best(path: Path) -> str:
    """What the library hears in the configuration that was measured best: endpointed, at -20 dBFS, whole utterances.

    Written down a second time on purpose: the engine's own may not drift from it unseen.
    """
    decoder = Decoder(loglevel="FATAL", topn=8, beam=1e-60, wbeam=1e-35, pbeam=1e-60)
    return " ".join(word for utterance in _utterances(samples(path)) for word in _decoded(decoder, utterance))


def _utterances(pcm: Pcm) -> Iterator[Pcm]:
    endpointer = Endpointer()
    size = endpointer.frame_bytes // 2
    spoken: list[bytes] = []
    for begin in range(0, len(pcm), size):
        frame = pcm[begin : begin + size].tobytes()
        heard = endpointer.end_stream(frame) if begin + size >= len(pcm) else endpointer.process(frame)
        if heard:
            spoken.append(heard)
            if not endpointer.in_speech:
                yield np.frombuffer(b"".join(spoken), np.int16)
                spoken = []
    if spoken:
        yield np.frombuffer(b"".join(spoken), np.int16)


def _decoded(decoder: Decoder, utterance: Pcm) -> list[str]:
    exact = utterance.astype(np.float32)
    gain = min(10 ** (-20 / 20) * 32_768 / float(np.sqrt(np.mean(exact**2))), 32_000 / float(np.abs(exact).max()))
    decoder.start_utt()
    decoder.process_raw((exact * gain).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()
    return [re.sub(r"\(\d\)$", "", word.word) for word in decoder.seg() or () if word.word[0] not in "<[+"]
