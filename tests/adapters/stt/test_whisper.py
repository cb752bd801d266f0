"""Whisper, on the tiny model that knows our own recordings by heart."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.adapters.stt.listening import (
    REFERENCES,
    Apart,
    Heard,
    assert_well_timed,
    audio,
    hear,
    in_blocks,
    noise,
    samples,
    silence,
)
from tests.conftest import FIXTURES
from tests.wer import score
from textor.adapters.stt import speech_windows, whisper, whisper_decoding
from textor.adapters.stt.port import PCM_RATE, Options, Pcm
from textor.adapters.stt.speech_windows import Window
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import EngineError, InvalidInput, ModelMissing

SAMPLE = FIXTURES / "sample.flac"
PERSIAN = FIXTURES / "persian.flac"


@pytest.fixture(scope="module")
def sample(apart: Apart) -> Heard:
    heard: Heard = apart.run(hear, WhisperEngine(FIXTURES / "tiny_whisper"), SAMPLE)
    return heard


def test_the_sample_recording_is_heard(sample: Heard) -> None:
    assert score(REFERENCES["sample.flac"]["text"], sample.text).rate < 0.1
    assert sample.details == {"model": "tiny_whisper"}


def test_words_have_times_and_confidences_inside_of_the_recording(sample: Heard) -> None:
    assert_well_timed(sample.segments, REFERENCES["sample.flac"]["seconds"])
    assert all(" ".join(word.text for word in segment.words) == segment.text for segment in sample.segments)


def test_the_language_is_detected_with_a_confidence(sample: Heard, apart: Apart, tiny_whisper: Path) -> None:
    persian = apart.run(hear, WhisperEngine(tiny_whisper), PERSIAN)
    assert (sample.language, persian.language) == ("en", "fa")
    assert 0.5 < persian.language_confidence <= 1
    assert score(REFERENCES["persian.flac"]["text"], persian.text).rate < 0.2


@dataclass
class Part:
    word: str


@pytest.mark.parametrize(
    ("parts", "spaced", "words"),
    [
        ([" ten", " o", "'clock", " sharp."], True, ["ten", "o'clock", "sharp."]),
        (["And", " so"], True, ["And", "so"]),
        (["你", "好"], False, ["你", "好"]),
        ([], True, []),
    ],
)
def test_parts_of_one_word_are_one_word(parts: list[str], spaced: bool, words: list[str]) -> None:
    whole = whisper_decoding._whole([Part(part) for part in parts], spaced=spaced)
    assert [whisper_decoding._text(one) for one in whole] == words


def test_a_named_language_is_taken_as_it_is(apart: Apart, tiny_whisper: Path) -> None:
    heard = apart.run(hear, WhisperEngine(tiny_whisper), SAMPLE, Options(language="en_us", model="tiny_whisper"))
    assert (heard.language, heard.language_confidence) == ("en", None)
    assert heard.segments


@pytest.mark.parametrize("nothing", [silence(4), noise(4), silence(0)], ids=["silence", "noise", "no samples"])
def test_where_nobody_speaks_nothing_is_heard_and_no_language_claimed(apart: Apart, tiny_whisper: Path, nothing: Pcm) -> None:
    heard = apart.run(hear, WhisperEngine(tiny_whisper), nothing)
    assert (heard.segments, heard.language) == ((), None)


def test_the_second_window_of_a_long_recording_has_its_own_times(apart: Apart, tiny_whisper: Path, sample: Heard) -> None:
    pause = speech_windows.WINDOW_SECONDS
    heard = apart.run(hear, WhisperEngine(tiny_whisper), np.concatenate([samples(SAMPLE), silence(pause), samples(SAMPLE)]))
    again = [segment for segment in heard.segments if segment.start > pause]
    assert again
    shift = pause + REFERENCES["sample.flac"]["seconds"]
    assert abs(again[0].start - sample.segments[0].start - shift) < 1
    assert_well_timed(heard.segments, shift + REFERENCES["sample.flac"]["seconds"])


def test_a_hint_of_vocabulary_is_accepted(apart: Apart, tiny_whisper: Path) -> None:
    assert apart.run(hear, WhisperEngine(tiny_whisper), SAMPLE, Options(vocabulary=("computer", "Textor"))).language == "en"


def _windows(pcm: Pcm, size: int, seconds: float) -> list[Window]:
    return list(speech_windows.windows(in_blocks(pcm, size), seconds))


def test_long_recordings_are_cut_where_nobody_speaks(apart: Apart) -> None:
    recording = np.concatenate([samples(SAMPLE), silence(2.5)] * 4)
    windows = apart.run(_windows, recording, PCM_RATE, 20.0)
    turns = REFERENCES["sample.flac"]["turns"]
    spoken = [(n * 15.25 + turn["start"], n * 15.25 + turn["end"]) for n in range(4) for turn in turns]
    assert len(windows) >= 4
    for one, other in pairwise(windows):
        assert one.end <= other.start + 0.001
        assert one.end - one.start <= 20
        assert not any(start < one.end < end for start, end in spoken)


def test_speech_that_never_pauses_is_cut_all_the_same(apart: Apart) -> None:
    turn = REFERENCES["sample.flac"]["turns"][1]
    sentence = samples(SAMPLE)[int(turn["start"] * PCM_RATE) : int(turn["end"] * PCM_RATE)]
    windows = apart.run(_windows, np.tile(sentence, 8), 100_000, 10.0)
    assert len(windows) >= 3
    assert all(window.end - window.start <= 10 for window in windows)
    assert all(abs(one.end - other.start) < 0.001 for one, other in pairwise(windows))


def test_a_block_longer_than_a_window_is_cut_too(apart: Apart) -> None:
    recording = np.concatenate([samples(SAMPLE), silence(2.5)] * 2)
    whole, cut = (apart.run(_windows, recording, size, 14.0) for size in (len(recording), 333))
    assert [(window.start, window.end) for window in whole] == [(window.start, window.end) for window in cut]


def test_without_a_model_one_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    sentence = (
        "Model base is not on this server. Download it (145 MB) on the account page under Engines, "
        "with `flask --app wsgi models download base`, or put it into WHISPER_MODELS_DIR."
    )
    assert engine.availability().reason == sentence
    with pytest.raises(ModelMissing) as refusal:
        engine.start(audio(SAMPLE), Options())
    assert refusal.value.message == sentence
    with pytest.raises(ModelMissing, match=r"Model tiny\.en is not on this server\. Download it \(75 MB\)"):
        engine.start(audio(SAMPLE), Options(model="tiny.en"))


@pytest.mark.parametrize(
    ("file", "content"),
    [("model.bin", b"garbage" * 100), ("model.bin", None), ("tokenizer.json", b"{"), ("config.json", b"\x00")],
    ids=["garbage", "half a model", "tokenizer", "configuration"],
)
def test_damaged_files_are_an_error_with_a_way_out(
    apart: Apart, tiny_whisper: Path, tmp_path: Path, file: str, content: bytes | None
) -> None:
    shutil.copytree(tiny_whisper, tmp_path / "tiny")
    damaged = tmp_path / "tiny" / file
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2] if content is None else content)
    with pytest.raises(EngineError, match=r"files of model tiny are damaged\. Delete the model and download it again\."):
        apart.run(hear, WhisperEngine(tmp_path), SAMPLE)


def test_an_english_model_refuses_other_languages(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    for model in ("tiny.en", "distil-large-v3"):
        engine.check_options(Options(model=model, language="en_uk"))
        with pytest.raises(InvalidInput, match=f"{model} understands English only") as refusal:
            engine.check_options(Options(model=model, language="fa"))
        assert refusal.value.field == "model"


def test_an_english_model_of_any_name_refuses_other_languages_before_it_guesses() -> None:
    class English:
        is_multilingual = False
        model: "English"

    model = English()
    model.model = model
    assert whisper._language("ours", model, None) == "en"
    with pytest.raises(EngineError, match="ours understands English only"):
        whisper._language("ours", model, "fa")


def test_unknown_languages_and_models_are_refused(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    with pytest.raises(InvalidInput, match="does not understand this language"):
        engine.check_options(Options(language="tlh"))
    with pytest.raises(InvalidInput, match="has no model 'huge'"):
        engine.check_options(Options(model="huge"))
    engine.check_options(Options(model="turbo", language="jv"))


def test_what_a_model_can_is_said_of_each(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    named = {model: engine.can(model).languages for model in (None, "base", "base.en", "distil-large-v3")}
    assert [model for model, known in named.items() if known == whisper.ENGLISH] == ["base.en", "distil-large-v3"]
    assert WhisperEngine(tmp_path, "small.en").can().languages == whisper.ENGLISH


def test_models_that_were_never_taught_to_translate_refuse_it(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    assert {name: engine.can(name).translates for name in ("base", "base.en", "turbo", "large-v3")} == {
        "base": True,
        "base.en": False,
        "turbo": False,
        "large-v3": True,
    }
    engine.check_options(Options(model="base", language="fa", translate=True))
    with pytest.raises(InvalidInput, match="does not translate") as refusal:
        engine.check_options(Options(model="turbo", translate=True))
    assert refusal.value.field == "model"


def test_a_translation_is_asked_of_the_model_and_is_english(apart: Apart, tiny_whisper: Path) -> None:
    assert apart.run(_tasks, tiny_whisper) == (["translate"], "en")


def _tasks(folder: Path) -> tuple[list[str], str | None]:
    engine, tasks = WhisperEngine(folder), []
    model = engine._load("tiny_whisper")
    transcribe = model.transcribe

    def recorded(*args: Any, **options: Any) -> Any:
        tasks.append(options["task"])
        return transcribe(*args, **options)

    model.transcribe = recorded
    heard = hear(engine, PERSIAN, Options(translate=True))
    return tasks, heard.language


def test_more_hints_than_it_heeds_are_refused(tmp_path: Path) -> None:
    engine = WhisperEngine(tmp_path)
    engine.check_options(Options(vocabulary=("Vazirmatn",) * 45))
    with pytest.raises(InvalidInput, match="Give it fewer") as refusal:
        engine.check_options(Options(vocabulary=("Vazirmatn",) * 46))
    assert refusal.value.field == "vocabulary"


def test_its_languages_are_whispers_own() -> None:
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    assert {whisper.TO_WHISPER.get(code, code) for code in whisper.LANGUAGES} == set(tokenizer._LANGUAGE_CODES)


def test_the_model_that_is_here_is_used_while_the_default_is_not(tiny_whisper: Path, tmp_path: Path) -> None:
    assert WhisperEngine(tiny_whisper).models()[0].name == "tiny_whisper"
    assert WhisperEngine(tmp_path).models()[0].name == "base"
    for name in ("small", "base"):
        shutil.copytree(tiny_whisper, tmp_path / name)
    assert WhisperEngine(tmp_path, "base").models()[0].name == "base"


def test_without_the_library_it_says_how_to_get_it(tiny_whisper: Path) -> None:
    engine = WhisperEngine(tiny_whisper, library="no_such_library")
    assert engine.availability().reason == "faster-whisper is not installed here. Install it with `pip install faster-whisper`."
    with pytest.raises(EngineError, match="faster-whisper is not installed"):
        engine.start(audio(SAMPLE), Options())


def test_a_model_is_loaded_once_for_both_sides_of_a_call(apart: Apart, tiny_whisper: Path) -> None:
    assert apart.run(_is_loaded_once, tiny_whisper)


def _is_loaded_once(folder: Path) -> bool:
    engine = WhisperEngine(folder)
    return engine._load("tiny_whisper") is engine._load("tiny_whisper")


def test_a_model_that_breaks_off_is_an_error_that_can_be_tried_again(apart: Apart, tiny_whisper: Path) -> None:
    with pytest.raises(EngineError, match="choose a smaller model") as failure:
        apart.run(_hear_without_memory, tiny_whisper)
    assert failure.value.retryable


def _hear_without_memory(folder: Path) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    engine = WhisperEngine(folder)
    model = engine._load("tiny_whisper")
    model.encode = partial(fail)
    hear(engine, SAMPLE)


def test_a_forked_worker_hears_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.adapters.stt.forked", "whisper", str(SAMPLE)]
    environ = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env=environ, check=True)
    assert score(REFERENCES["sample.flac"]["text"], done.stdout).rate < 0.1
