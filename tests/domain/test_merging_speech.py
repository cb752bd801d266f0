"""Real speech, heard slice by slice by a real engine, is word for word what was spoken."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.adapters.audio import sounds
from tests.adapters.stt.listening import REFERENCES, samples
from tests.conftest import FIXTURES
from tests.wer import score
from textor.adapters.audio import convert, silence, slicing
from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.silence import Cut
from textor.adapters.stt.port import Audio, Options
from textor.adapters.stt.sphinx import SphinxEngine
from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment, plain_text

RATE = 16_000


def shifted(segment: Segment, seconds: float) -> Segment:
    words = tuple(replace(word, start=word.start + seconds, end=word.end + seconds) for word in segment.words)
    return replace(segment, start=segment.start + seconds, end=segment.end + seconds, words=words)


def heard(path: Path, cuts: Sequence[Cut]) -> Iterator[Heard]:
    for cut in cuts:
        audio = Audio(path, cut.end - cut.start, 1, partial(slicing.blocks, path, cut.start, cut.end))
        segments = [shifted(segment, cut.start) for segment in SphinxEngine().start(audio, Options(language="en")).segments]
        yield Heard(cut.start, cut.end, cut.overlap, None, segments)


def spoken(name: str, times: int, *, pauses: bool) -> tuple[Pcm, str]:
    """One of our recordings, some times over, with its pauses or all turns run together, and its words."""
    sound, turns = samples(FIXTURES / name), REFERENCES[name]["turns"]
    parts = [sound[round((turn["start"] - 0.08) * RATE) : round((turn["end"] + 0.08) * RATE)] for turn in turns]
    return np.concatenate([sound if pauses else np.concatenate(parts)] * times), " ".join([REFERENCES[name]["text"]] * times)


def at_fixed_times(seconds: float, longest: float, overlap: float) -> list[Cut]:
    """Every so many seconds, whatever is being said there."""
    starts = np.arange(0, seconds - overlap, longest - overlap).tolist()
    return [Cut(start, min(start + longest, seconds), overlap if start else 0.0) for start in starts]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "how"),
    [("sample.flac", "in its pauses"), ("monologue.flac", "without a pause"), ("sample.flac", "in the middle of words")],
)
def test_a_recording_heard_slice_by_slice_loses_and_doubles_no_word(tmp_path: Path, name: str, how: str) -> None:
    sound, text = spoken(name, 1, pauses=how != "without a pause")
    path = sounds.write(tmp_path / "x.flac", sound[np.newaxis])
    cuts = silence.cuts(convert.blocks(path), 9.4 if how == "without a pause" else 5.5)
    if how == "in the middle of words":
        cuts = at_fixed_times(sound.size / RATE, 5.0, 2.0)
    overlaps = [cut.overlap > 0 for cut in cuts[1:]]
    assert len(overlaps) >= 2
    assert set(overlaps) == {how != "in its pauses"}
    whole = merged(list(heard(path, cuts)))
    assert score(text, plain_text(whole)).errors == 0
    words = [word for segment in whole for word in segment.words]
    assert all(before.start <= after.start for before, after in pairwise(words))
