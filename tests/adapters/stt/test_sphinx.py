"""PocketSphinx hears our own recordings word for word, and only speech."""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from tests.adapters.stt.listening import REFERENCES, Heard, assert_well_timed, audio, hear, in_blocks, noise, samples, silence
from tests.conftest import FIXTURES
from textor.adapters.stt import endpointing, sphinx
from textor.adapters.stt.endpointing import LONGEST_SECONDS, Utterance, utterances
from textor.adapters.stt.port import PCM_RATE, Options, Pcm
from textor.adapters.stt.sphinx import SphinxEngine
from textor.errors import EngineError, InvalidInput

SAMPLE = FIXTURES / "sample.flac"
FRAME = 480


@pytest.fixture(scope="module")
def sample() -> Heard:
    return hear(SphinxEngine(), SAMPLE)


def test_the_sample_recording_is_heard_word_for_word(sample: Heard) -> None:
    assert sample.text == REFERENCES["sample.flac"]["text"]
    assert sample.language == "en"


def test_every_sentence_is_a_segment_at_its_time(sample: Heard) -> None:
    turns = REFERENCES["sample.flac"]["turns"]
    assert [segment.text for segment in sample.segments] == [turn["text"] for turn in turns]
    for segment, turn in zip(sample.segments, turns, strict=True):
        assert abs(segment.start - turn["start"]) < 0.3
        assert abs(segment.end - turn["end"]) < 0.3


def test_words_have_times_and_confidences_inside_of_the_recording(sample: Heard) -> None:
    assert_well_timed(sample.segments, REFERENCES["sample.flac"]["seconds"])
    assert all(" ".join(word.text for word in segment.words) == segment.text for segment in sample.segments)


def test_no_word_ends_after_the_recording(sample: Heard) -> None:
    shorter = hear(SphinxEngine(), samples(SAMPLE)[: 4 * PCM_RATE], seconds=3.5)
    assert shorter.segments[-1].words[-1].end == 3.5


def test_segments_come_while_the_recording_is_still_being_read() -> None:
    read = 0.0

    def blocks() -> Iterator[Pcm]:
        nonlocal read
        for block in in_blocks(samples(SAMPLE), PCM_RATE // 2):
            read += len(block) / PCM_RATE
            yield block

    transcript = SphinxEngine().start(replace(audio(SAMPLE), blocks=blocks), Options())
    assert next(iter(transcript.segments)).text == REFERENCES["sample.flac"]["turns"][0]["text"]
    assert read < REFERENCES["sample.flac"]["turns"][1]["start"]


@pytest.mark.parametrize("gain", [0.03, 0.3, 1.5])
def test_every_utterance_is_heard_at_the_same_loudness(gain: float) -> None:
    spoken = np.clip(samples(SAMPLE)[: 4 * PCM_RATE] * gain, -32_768, 32_767).astype(np.int16)
    exact = sphinx._levelled(spoken).astype(np.float64) / 32_768
    assert 20 * np.log10(np.sqrt(np.mean(exact**2))) == pytest.approx(-20, abs=0.5)


def test_a_single_loud_knock_is_not_clipped() -> None:
    knock = np.zeros(PCM_RATE, np.int16)
    knock[100] = -32_768
    assert np.abs(sphinx._levelled(knock).astype(np.int32)).max() == sphinx.LOUDEST_PEAK
    assert not sphinx._levelled(silence(1)).any()


def test_a_quiet_recording_is_heard_as_well_as_a_loud_one() -> None:
    quiet = (samples(SAMPLE)[: 4 * PCM_RATE] * 0.03).astype(np.int16)
    assert hear(SphinxEngine(), quiet).text == REFERENCES["sample.flac"]["turns"][0]["text"]


@pytest.mark.parametrize("nothing", [silence(4), noise(4), silence(0)], ids=["silence", "noise", "no samples"])
def test_where_nobody_speaks_nothing_is_heard(nothing: Pcm) -> None:
    assert hear(SphinxEngine(), nothing).segments == ()


def test_speech_at_the_end_of_the_file_is_heard() -> None:
    end = int(REFERENCES["sample.flac"]["turns"][0]["end"] * PCM_RATE) // FRAME * FRAME
    torn = samples(SAMPLE)[:end]
    assert len(torn) % FRAME == 0  # where the library's own Segmenter loses it
    assert hear(SphinxEngine(), torn).text == REFERENCES["sample.flac"]["turns"][0]["text"]


@pytest.mark.parametrize("silent_frames", range(20))
@pytest.mark.parametrize("more", [0, 1, 479])
def test_a_short_silence_at_the_end_takes_no_speech_away(silent_frames: int, more: int) -> None:
    end = int(REFERENCES["sample.flac"]["turns"][0]["end"] * PCM_RATE) // FRAME * FRAME
    stream = np.concatenate([samples(SAMPLE)[:end], np.zeros(silent_frames * FRAME + more, np.int16)])
    (spoken,) = utterances([stream])
    assert abs(spoken.end - end / PCM_RATE) < 0.4


@pytest.mark.parametrize("size", [7, 479, 481, 100_000])
def test_the_size_of_the_blocks_changes_nothing(size: int) -> None:
    whole = list(utterances([samples(SAMPLE)]))
    cut = list(utterances(in_blocks(samples(SAMPLE), size)))
    assert len(whole) == len(cut) == 3
    for one, other in zip(whole, cut, strict=True):
        assert one.start == other.start
        assert np.array_equal(one.samples, other.samples)


def test_speech_that_never_pauses_is_cut_without_a_gap() -> None:
    turn = REFERENCES["sample.flac"]["turns"][1]
    sentence = samples(SAMPLE)[int(turn["start"] * PCM_RATE) : int(turn["end"] * PCM_RATE)]
    endless = np.tile(sentence, 20)
    found = list(utterances(in_blocks(endless, PCM_RATE)))
    assert len(found) > 3
    assert max(utterance.end - utterance.start for utterance in found) <= LONGEST_SECONDS + 0.1
    assert all(abs(one.end - other.start) < 0.001 for one, other in pairwise(found))
    assert found[-1].end - found[0].start > len(endless) / PCM_RATE - 0.5


def test_memory_does_not_grow_with_the_recording() -> None:
    def blocks() -> Iterator[Pcm]:
        for _ in range(40):
            yield samples(SAMPLE)

    list(utterances(blocks()))  # what loads on first use is loaded now
    tracemalloc.start()
    assert len([utterance.start for utterance in utterances(blocks())]) == 120
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000  # the whole of it has 16 MB


def test_an_utterance_that_breaks_leaves_the_decoder_fit_for_the_next() -> None:
    decoder = sphinx._decoder()
    with pytest.raises(AttributeError):
        list(sphinx._words(decoder, Utterance(0.0, cast("Pcm", None)), 10.0))
    spoken = next(endpointing.utterances([samples(SAMPLE)]))
    assert [word.text for word in sphinx._words(decoder, spoken, 10.0)][:3] == ["hello", "and", "welcome"]


@pytest.mark.parametrize("language", [None, "en", "en_us"])
def test_english_and_no_language_are_accepted(language: str | None) -> None:
    assert hear(SphinxEngine(), silence(1), Options(language=language)).language == "en"


def test_another_language_is_refused_aloud() -> None:
    with pytest.raises(InvalidInput, match=r"does not understand this language\. It knows: en\.") as refusal:
        SphinxEngine().start(audio(SAMPLE), Options(language="fa"))
    assert refusal.value.field == "language"


def test_without_the_library_it_says_how_to_get_it() -> None:
    engine = SphinxEngine(library="no_such_library")
    state = engine.availability()
    assert not state.ready
    assert state.reason == "PocketSphinx is not installed here. Install it with `pip install pocketsphinx`."
    with pytest.raises(EngineError, match="not installed"):
        engine.start(audio(SAMPLE), Options())


def test_a_forked_worker_hears_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.adapters.stt.forked", "sphinx", str(SAMPLE)]
    environ = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env=environ, check=True)
    assert done.stdout.strip() == REFERENCES["sample.flac"]["text"]
