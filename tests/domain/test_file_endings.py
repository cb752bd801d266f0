"""What a file of sound may be called."""

import pytest

from textor.adapters.audio.looking import CONTAINERS
from textor.domain import file_endings


@pytest.mark.parametrize(
    ("container", "codec", "has_video", "endings"),
    [
        ("mp3", "mp3float", False, ("mp3",)),
        ("mp4", "aac", False, ("m4a", "mp4")),
        ("mp4", "aac", True, ("mp4", "m4v")),
        ("ogg", "opus", False, ("ogg", "opus", "oga")),
        ("ogg", "vorbis", False, ("ogg", "oga")),
        ("ogg", "flac", False, ("ogx",)),
        ("wav", "pcm_mulaw", False, ("wav",)),
        ("wav", "adpcm_ima_wav", False, ("riff",)),
        ("matroska", "opus", False, ("mka", "mkv")),
        ("webm", "opus", True, ("webm",)),
    ],
)
def test_a_file_is_called_by_what_is_in_it(container: str, codec: str, has_video: bool, endings: tuple[str, ...]) -> None:
    assert file_endings.of(container, codec, has_video=has_video) == endings


def test_every_container_that_is_known_has_an_ending() -> None:
    for container, _sound, _picture in CONTAINERS.values():
        assert all(one.isalnum() for video in (True, False) for one in file_endings.of(container, "", has_video=video))
