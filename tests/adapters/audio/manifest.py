"""The shared set of recordings, sound and broken, where it is at hand."""

import csv
from pathlib import Path

from tests.conftest import SHARED, missing

FOLDER = SHARED / "audio"

NOT_MEDIA = "Invalid file format. Supported formats: MP3, WAV, AAC, OGG, FLAC, M4A, "
NO_SOUND_COULD_BE_READ = "The file is damaged: no sound could be read from it."

# What an upload of each is told, by the begin of the sentence; those that aren't here are accepted.
REFUSED = {
    "broken_header_only.wav": NO_SOUND_COULD_BE_READ,
    "broken_hls_playlist.mp3": NOT_MEDIA,
    "broken_html_renamed.wav": NOT_MEDIA,
    "broken_lying_channels_200.wav": "The file states 200 channels",
    "broken_lying_rate_1hz.wav": "The file states a sample rate of 1 Hz",
    "broken_png_renamed.m4a": NOT_MEDIA,
    "broken_random.mp3": NOT_MEDIA,
    "broken_text_renamed.mp3": NOT_MEDIA,
    "broken_zero_byte.mp3": "The file is empty.",
    "broken_zero_byte.wav": "The file is empty.",
    "broken_zero_channels.wav": NO_SOUND_COULD_BE_READ,
    "video_no_audio.mp4": "The file has no audio track.",
}

# What is said of those that are accepted all the same.
WARNED = {
    "broken_bomb_10h_silence.flac": "No sound was found in this recording",
    "broken_data_size_0_streamed.wav": "The file does not state its length; all 11.0 s",
    "broken_data_size_ffffffff.wav": "The file does not state its length; all 11.0 s",
    "broken_lying_data_size_4GB.wav": "The file is damaged; 11.0 s of it could be read.",
    "broken_riff_half_data.wav": "The file is damaged; 5.5 s of it could be read.",
    "broken_truncated.flac": "The file is damaged; 0.4 s of it could be read.",
    "broken_truncated.mp3": "The file is damaged; 4.1 s of it could be read.",
    "silence_5s.wav": "No sound was found in this recording",
}

WARNED_FOR_ITS_NAME = "broken_wrong_ext_flac_named_mp3.mp3"


def files() -> list[Path]:
    """Every file of the set; ends the test where the set isn't there."""
    if not FOLDER.is_dir():
        missing("the shared recordings")
    return sorted(path for path in FOLDER.iterdir() if path.name != "manifest.tsv")


def seconds() -> dict[str, float]:
    """The true length of each sound file, by name."""
    with (FOLDER / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["file"]: float(row["seconds"]) for row in rows if row["seconds"] and not row["file"].startswith("broken_")}
