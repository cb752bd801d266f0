"""What a WAV header says about its length. libav takes what is there and says nothing of what is missing."""

import struct
from dataclasses import dataclass
from pathlib import Path

OPEN_ENDED = frozenset({0, 0xFFFF_FFFF})  # what programs write that stream a WAV and can't come back to its header
MOST_CHUNKS = 100


@dataclass(frozen=True, slots=True)
class DataLength:
    """Bytes of sound: as stated, and as there are."""

    stated: int
    present: int

    @property
    def is_open_ended(self) -> bool:
        return self.stated in OPEN_ENDED and self.present > 0


def data_length(path: Path) -> DataLength | None:
    """None where the file isn't a plain WAV or has no data."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        for _ in range(MOST_CHUNKS):
            chunk = file.read(8)
            if len(chunk) < 8:
                return None
            name, stated = struct.unpack("<4sI", chunk)
            if name == b"data":
                return DataLength(stated, size - file.tell())
            file.seek(stated + stated % 2, 1)
    return None
