"""What an engine is sent: the original where it takes that, else compressed as little as will do."""

from pathlib import Path

import numpy as np
import pytest

from textor.adapters.audio import encoding
from textor.adapters.stt.port import Capabilities
from textor.domain.transcript import Segment, Transcript
from textor.errors import Unavailable
from textor.features.transcription import fitting
from textor.features.transcription.fitting import Sound

HOUR = 3600.0
LONG_WAV = Sound(HOUR, 40_000_000, ("wav",))
OPENAI = Capabilities(formats=frozenset({"flac", "m4a", "mp3", "ogg", "wav"}), max_bytes=25_000_000)


@pytest.mark.parametrize(
    ("can", "sound", "is_taken"),
    [
        (Capabilities(), LONG_WAV, True),
        (OPENAI, LONG_WAV, False),
        (OPENAI, Sound(HOUR, 24_000_000, ("wav",)), True),
        (OPENAI, Sound(60.0, 1_000, ("mka", "mkv")), False),
        (OPENAI, Sound(60.0, 1_000, ("opus", "ogg")), True),
        (Capabilities(max_seconds=1800), LONG_WAV, False),
        (Capabilities(segment_times=False), Sound(31.0, 1_000, ("wav",)), False),
        (Capabilities(segment_times=False), Sound(30.0, 1_000, ("wav",)), True),
    ],
    ids=["no limits", "too large", "just small enough", "another format", "a second name", "too long", "no times", "short"],
)
def test_the_original_goes_where_the_engine_takes_it(can: Capabilities, sound: Sound, is_taken: bool) -> None:
    assert fitting.is_taken(can, sound) is is_taken


def test_an_hour_of_forty_megabytes_goes_as_one_compressed_file() -> None:
    assert fitting.longest_seconds(OPENAI, LONG_WAV) == HOUR
    assert (fitting.form(OPENAI, HOUR).codec, fitting.form(OPENAI, HOUR).ending) == ("opus", "ogg")


def test_what_is_short_enough_is_written_without_loss() -> None:
    assert fitting.form(OPENAI, 600).codec == "flac"
    assert fitting.form(Capabilities(), 100 * HOUR).codec == "flac"


@pytest.mark.parametrize(
    ("formats", "codec", "ending"),
    [({"opus", "wav"}, "opus", "opus"), ({"mp3", "wav"}, "mp3", "mp3"), ({"wav", "m4a"}, "wav", "wav")],
)
def test_the_codec_is_one_that_the_engine_takes(formats: set[str], codec: str, ending: str) -> None:
    form = fitting.form(Capabilities(formats=frozenset(formats)), HOUR)
    assert (form.codec, form.ending) == (codec, ending)


def test_what_no_codec_makes_small_enough_is_cut() -> None:
    can = Capabilities(max_bytes=4_000_000)
    assert fitting.longest_seconds(can, LONG_WAV) == 1000
    assert fitting.form(can, 1000).codec == "opus"


def test_the_shortest_limit_holds() -> None:
    assert fitting.longest_seconds(Capabilities(max_seconds=50, max_bytes=10**9), LONG_WAV) == 50
    assert fitting.longest_seconds(Capabilities(segment_times=False, max_seconds=50), LONG_WAV) == fitting.TEXT_ONLY_SECONDS


def test_an_engine_that_takes_nothing_textor_writes_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="at least one"):
        fitting.form(Capabilities(formats=frozenset({"amr"})), 1)


@pytest.mark.parametrize("codec", encoding.CODECS)
def test_no_sound_is_larger_than_foretold(tmp_path: Path, codec: str) -> None:
    """Noise at full volume is the worst there is."""
    samples = np.random.default_rng(1).integers(-32_768, 32_767, 16_000 * 20, dtype=np.int16)
    encoding.write([samples], tmp_path / "noise", codec=codec)
    names = {"flac": "flac", "opus": "ogg", "mp3": "mp3", "wav": "wav"}
    form = fitting.form(Capabilities(formats=frozenset({names[codec]})), 20)
    assert form.codec == codec
    assert (tmp_path / "noise").stat().st_size <= 20 * form.bytes_per_second


def test_a_file_without_an_ending_gets_one_that_fits(tmp_path: Path) -> None:
    stored = tmp_path / "6f2c"
    stored.write_bytes(b"sound")
    with fitting.named(stored, "mp3") as path:
        assert (path.suffix, path.read_bytes()) == (".mp3", b"sound")
    assert not path.exists()
    assert stored.read_bytes() == b"sound"


def test_where_no_file_can_be_made_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no room"), fitting.named(tmp_path, "x" * 300):
        pass


def test_text_without_times_spans_its_piece() -> None:
    heard = Transcript([Segment(0, 0, "hello")], language="en")
    assert list(fitting.timed(Capabilities(segment_times=False), heard, 12.5).segments) == [Segment(0.0, 12.5, "hello")]
    assert fitting.timed(Capabilities(), heard, 12.5) is heard
