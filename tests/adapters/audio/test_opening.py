"""Nothing but the file itself is opened, and a refusal says what is wrong with it."""

import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.adapters.audio import sounds
from textor.adapters.audio.opening import opened
from textor.errors import InvalidInput, NotMedia

NOT_MEDIA = "Invalid file format. Supported formats: MP3, WAV, AAC, OGG, FLAC, M4A, OPUS, WEBM, AIFF, WMA, MP4, MOV, MKV."


def refusal(path: Path, content: bytes) -> InvalidInput:
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught, opened(path):
        pass
    return caught.value


def test_a_file_that_is_not_media_is_told_the_supported_formats(tmp_path: Path) -> None:
    for content in (b"plain words", b"<html></html>", b"\x89PNG\r\n\x1a\n" + bytes(100), b"%PDF-1.7", bytes(range(256)) * 4):
        error = refusal(tmp_path / "renamed.mp3", content)
        assert isinstance(error, NotMedia)
        assert error.message == NOT_MEDIA
        assert error.field == "file"


def test_an_empty_file_has_its_own_sentence(tmp_path: Path) -> None:
    assert refusal(tmp_path / "empty.mp3", b"").message == "The file is empty. Choose a file with sound in it."


def test_a_file_cut_off_in_its_header_is_called_damaged_not_foreign(tmp_path: Path) -> None:
    whole = sounds.write(tmp_path / "whole.flac", sounds.tone(1)).read_bytes()
    for start in (whole[:20], b"RIFF\x10\x00\x00\x00WAVE", b"\x00\x00\x00\x18ftypmp42"):
        assert refusal(tmp_path / "cut.bin", start).message.startswith("The file is damaged: no sound could be read from it.")


def test_a_picture_without_sound_has_no_audio_track(tmp_path: Path) -> None:
    silent_film = sounds.write_video(tmp_path / "film.mp4", None).read_bytes()
    assert refusal(tmp_path / "upload", silent_film).message.startswith("The file has no audio track.")


@pytest.mark.parametrize("rate", [1, 3_999, 192_001, 2_000_000])
def test_a_rate_that_no_recorder_has_is_refused_before_decoding(tmp_path: Path, rate: int) -> None:
    message = refusal(tmp_path / "lie.wav", sounds.wav(sounds.tone(1), rate=rate)).message
    assert message.startswith(f"The file states a sample rate of {rate:,} Hz")


def test_more_than_eight_channels_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "lie.wav", sounds.wav(sounds.noise(0.1, channels=9))).message
    assert message.startswith("The file states 9 channels")


def test_no_channels_are_damage(tmp_path: Path) -> None:
    lie = bytearray(sounds.wav(sounds.tone(1)))
    struct.pack_into("<H", lie, 22, 0)
    assert refusal(tmp_path / "lie.wav", bytes(lie)).message.startswith("The file is damaged")


def test_tags_in_an_unknown_encoding_do_no_harm(tmp_path: Path) -> None:
    tag = b"INFOINAM" + struct.pack("<I", 4) + b"\xff\xfe\xe9\x00"
    path = tmp_path / "tagged.wav"
    path.write_bytes(sounds.wav(sounds.tone(1), chunks=b"LIST" + struct.pack("<I", len(tag)) + tag))
    with opened(path) as source:
        assert source.stream.rate == 16_000


def test_a_playlist_makes_no_connection(tmp_path: Path) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/secret.mp3"
    hls = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n"
    dash = f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{address}</BaseURL></MPD>'
    playlists = {"hls.mp3": hls, "hls.m3u8": hls, "concat.mp3": f"ffconcat version 1.0\nfile '{address}'\n", "dash.mpd": dash}
    playlists["pls.wav"] = f"[playlist]\nFile1={address}\n"
    for name, text in playlists.items():
        assert isinstance(refusal(tmp_path / name, text.encode()), NotMedia), name
    server.shutdown()
    server.server_close()
    assert asked == []


def test_a_playlist_reads_no_other_file(tmp_path: Path) -> None:
    secret = sounds.write(tmp_path / "secret.wav", sounds.tone(1))
    for text in (f"ffconcat version 1.0\nfile '{secret}'\n", f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"):
        assert isinstance(refusal(tmp_path / "list.mp3", text.encode()), NotMedia)
