"""OpenAI's transcription models as data: what each returns, takes and costs, and when it is switched off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from textor.adapters.stt import whisper
from textor.adapters.stt.port import Capabilities, Model

Hints = Literal["", "keywords", "prompt"]

RETIREMENT = "2027-02-26"  # of all that came before gpt-transcribe, announced in openai/types/audio_model.py
LANGUAGES = frozenset(code for code in whisper.LANGUAGES if len(code) == 2) - {"jv"}
"""Those of Whisper that have an ISO 639-1 code which OpenAI takes."""
FORMATS = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})
MAX_BYTES = 25_000_000
MAX_SECONDS = 1_380.0
"""The API refuses more than 1,400 for the gpt models; encoders may add a little to what they were given."""
TEXT_SECONDS = 31.0
"""More than this is not worth hearing without times, from a host that was believed to tell them: it is cut up first."""
CALL_SECONDS = 600.0
"""Where times are told a recording loses nothing by being cut: its pieces are heard side by side, a stop loses one of them at
most, and vLLM decodes no more at once unless told to."""
ELSEWHERE_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """One way to ask for a transcript: the API's response_format, and its timestamp_granularities."""

    response_format: str
    times: tuple[str, ...] = ()


TEXT = Wish("json")
SEGMENTS = Wish("verbose_json", ("segment",))
WORDS = Wish("verbose_json", ("word", "segment"))
SPEAKERS = Wish("diarized_json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model. `wishes` are the ways to ask it, the one that tells most first; the plainer ones are for hosts that refuse that.

    `hints` is the field that takes vocabulary. `is_known` False: it may give less than the first wish asks for.
    """

    name: str
    full_name: str
    description: str = ""
    wishes: Sequence[Wish] = (WORDS, SEGMENTS, TEXT)
    hints: Hints = ""
    takes_several_languages: bool = False
    max_seconds: float | None = None
    usd_per_hour: float | None = None
    shutdown_date: str | None = None
    is_known: bool = True

    @property
    def gives_times(self) -> bool:
        return self.wishes[0] != TEXT

    @property
    def gives_speakers(self) -> bool:
        return self.wishes[0] == SPEAKERS

    def is_over(self, today: date) -> bool:
        return self.shutdown_date is not None and today >= date.fromisoformat(self.shutdown_date)

    def model(self) -> Model:
        return Model(self.name, self.full_name, self.description, shutdown_date=self.shutdown_date)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            languages=LANGUAGES if self.is_known else None,
            detects_language=True,
            segment_times=self.gives_times,
            word_times=self.wishes[0] == WORDS,
            speakers=self.gives_speakers,
            vocabulary=bool(self.hints),
            formats=FORMATS,
            max_bytes=MAX_BYTES,
            max_seconds=self.max_seconds,
            usd_per_hour=self.usd_per_hour,
        )


BEST = Entry(
    "gpt-transcribe",
    "GPT-Transcribe",
    "The most accurate, text without times",
    wishes=(TEXT,),
    hints="keywords",
    takes_several_languages=True,
    max_seconds=MAX_SECONDS,
    usd_per_hour=0.27,
)
ENTRIES = (
    BEST,
    Entry(
        "whisper-1",
        "Whisper",
        "Times of every word",
        hints="prompt",
        max_seconds=CALL_SECONDS,
        usd_per_hour=0.36,
        shutdown_date=RETIREMENT,
    ),
    Entry(
        "gpt-4o-transcribe",
        "GPT-4o Transcribe",
        "Text without times",
        wishes=(TEXT,),
        hints="prompt",
        max_seconds=MAX_SECONDS,
        usd_per_hour=0.36,
        shutdown_date=RETIREMENT,
    ),
    Entry(
        "gpt-4o-mini-transcribe",
        "GPT-4o mini Transcribe",
        "The cheapest, text without times",
        wishes=(TEXT,),
        hints="prompt",
        max_seconds=MAX_SECONDS,
        usd_per_hour=0.18,
        shutdown_date=RETIREMENT,
    ),
    Entry(
        "gpt-4o-transcribe-diarize",
        "GPT-4o Transcribe Diarize",
        "Tells speakers apart",
        wishes=(SPEAKERS, TEXT),
        max_seconds=MAX_SECONDS,
        usd_per_hour=0.36,
        shutdown_date=RETIREMENT,
    ),
)
USUAL_ELSEWHERE = "whisper-1"  # what compatible hosts call their own where they copy OpenAI's names
_BY_NAME = {entry.name: entry for entry in ENTRIES}


def at_openai(chosen: str, today: date) -> list[Entry]:
    """The models to choose from at OpenAI, the default first: the operator's, else the best that is still there."""
    first = _BY_NAME.get(chosen) or _unknown(chosen) if chosen else BEST
    if first.is_over(today):
        first = BEST
    return [first, *(entry for entry in ENTRIES if entry != first)]


def elsewhere(chosen: str) -> list[Entry]:
    """The one model to choose at a compatible host. OpenAI's prices and dates say nothing there; what its models return, does."""
    name = chosen or USUAL_ELSEWHERE
    known = _BY_NAME.get(name)
    if known is None:
        return [_unknown(name)]
    return [replace(known, max_seconds=CALL_SECONDS, usd_per_hour=None, shutdown_date=None, hints="", is_known=False)]


def _unknown(name: str) -> Entry:
    return Entry(name, name, "Chosen by the operator", max_seconds=CALL_SECONDS, is_known=False)
