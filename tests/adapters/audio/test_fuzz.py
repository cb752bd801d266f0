"""Whatever bytes come: a refusal with a sentence or a measurement, never anything else."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.audio import sounds
from textor.adapters.audio import looking, measure, slicing
from textor.errors import InvalidInput

ENDINGS = ("wav", "mp3", "flac", "ogg", "opus", "webm", "m4a", "aac", "aiff", "wma")
BRISK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    return {e: sounds.write(folder / f"x.{e}", sounds.noise(1, rate=48_000), rate=48_000).read_bytes() for e in ENDINGS}


def look_at(path: Path, content: bytes) -> None:
    """Everything Textor does with a file before an engine hears it."""
    path.write_bytes(content)
    refusals: list[str] = []
    try:
        looking.look(path, 60)
        facts = measure.measure(path, max_seconds=60)
        assert 0 < facts.seconds <= 60
        slicing.cut(path, 0.3, 0.6)
    except InvalidInput as error:
        refusals.append(error.message)
    assert all(message.endswith(".") for message in refusals)


@BRISK
@given(
    content=st.binary(max_size=4_000), start=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3\x03", b"\x1a\x45\xdf\xa3"])
)
def test_random_bytes(tmp_path: Path, content: bytes, start: bytes) -> None:
    look_at(tmp_path / "x", start + content)


@BRISK
@given(ending=st.sampled_from(ENDINGS), share=st.floats(0, 1))
def test_truncated_files(tmp_path: Path, originals: dict[str, bytes], ending: str, share: float) -> None:
    whole = originals[ending]
    look_at(tmp_path / "x", whole[: int(len(whole) * share)])


@BRISK
@given(ending=st.sampled_from(ENDINGS), seed=st.integers(0, 10**6), flips=st.integers(1, 60), in_head=st.booleans())
def test_flipped_bits(tmp_path: Path, originals: dict[str, bytes], ending: str, seed: int, flips: int, *, in_head: bool) -> None:
    content, chance = bytearray(originals[ending]), random.Random(seed)
    for _ in range(flips):
        content[chance.randrange(min(200, len(content)) if in_head else len(content))] ^= 1 << chance.randrange(8)
    look_at(tmp_path / "x", bytes(content))
