"""The exports port: a finished transcript in, a file out.

A new format is one file in this folder with one subclass of `ExportFormat`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from textor.domain.transcript import Document


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the reader wants to see. Formats that are nothing without times (srt, vtt, csv, json) always carry them."""

    speakers: bool = True
    timestamps: bool = True


class ExportFormat(ABC):
    """A file format. `is_heavy` ones take seconds for long transcripts: those are made in a worker."""

    name: ClassVar[str]
    """Lower-case word in the URL, and the file's extension."""
    title: ClassVar[str]
    media_type: ClassVar[str]
    icon: ClassVar[str] = "file-text"
    is_heavy: ClassVar[bool] = False
    large_characters: ClassVar[int] = 20_000
    """Text beyond which a heavy one takes more than about half a second."""
    order: ClassVar[int] = 100
    """Place in menus; lower comes first."""

    def missing(self) -> str | None:
        """A sentence naming what this machine lacks for the format and the command that installs it; None: all is here."""
        return None

    @abstractmethod
    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        """Write the whole file to `out`. Raises Unavailable with `missing()` where something is missing."""
