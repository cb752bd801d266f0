"""What EBOO's answers mean: a word in `Status` for everything, how far it is in `Progress`, the text in `Output`."""

import math
import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from textor.adapters.stt.port import Progress
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, JobLost

Said = Mapping[str, Any]

POLL_SECONDS = 5.0
LONGEST_SECONDS = 480.0
"""What other programs that use EBOO send it at most; it names no limit of its own."""
BAD_TOKEN = "The token for EBOO was refused. Ask the operator to check EBOO_TOKEN."  # noqa: S105 - a sentence
NO_CREDIT = "The EBOO account has no credit left. Ask the operator to top it up."
AT_WORK = frozenset({"convertstarted", "alreadyprocessing"})
FINISHED = "convertfinished"
NOT_YET = "data not found yet"
DONE = "done"
SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%?", re.ASCII)
LONGEST_REASON = 200


class Kind(Enum):
    """What can be done about an error: nothing, the same call later, or the whole job anew."""

    FINAL = auto()
    LATER = auto()
    LOST = auto()


ERRORS: Mapping[str, tuple[Kind, str]] = {
    "FileCorrupted": (Kind.FINAL, "EBOO can't read this recording: it takes it for damaged."),
    "NoEnoughCredit": (Kind.FINAL, NO_CREDIT),
    "UploadFailed": (Kind.LATER, "EBOO did not get the recording whole."),
    "UnkwonURL": (Kind.FINAL, "EBOO does not know the address of the recording. Tell the operator."),
    "UnknowMethod": (Kind.FINAL, "EBOO does not know what Textor asks of it any more. Tell the operator."),
    "TokenNotFound": (Kind.FINAL, BAD_TOKEN),
    "MethodNotAllowed": (
        Kind.FINAL,
        "The EBOO account is not allowed to transcribe speech. Ask the operator to have that changed.",
    ),
    "IPError": (Kind.FINAL, "EBOO takes no requests from this server's address. Ask the operator to have it allowed there."),
    "FileDeletedFromServer": (Kind.LOST, "EBOO has deleted the recording before Textor had its text."),
    "ConvertError": (Kind.LOST, "EBOO had an error of its own and gave this job up."),
    "ConvertFailed": (Kind.LOST, "EBOO had an error of its own and gave this job up."),
    "Error": (Kind.LOST, "EBOO had an error of its own and gave this job up."),
    "404": (Kind.LATER, "EBOO is out of order for the moment (its answer was 404)."),
    "500": (Kind.LATER, "EBOO is out of order for the moment (its answer was 500)."),
}
BY_STATUS = {name.lower(): error for name, error in ERRORS.items()}


def read(said: Said) -> Transcript | Progress:
    """What `checkconvert` says of a job. Raises EngineError where it failed or nothing can be understood."""
    status, share = _status(said), _share(said.get("Progress"))
    _raise_known(status)
    if status == FINISHED and share == 1:
        return _transcript(said.get("Output"))
    if status == NOT_YET:
        return Progress(poll_seconds=POLL_SECONDS)
    # Nobody has written down what it is called while it works: whatever tells how far it is, is under way.
    if status in AT_WORK or (share is not None and share < 1):
        return Progress(share, poll_seconds=POLL_SECONDS)
    raise misunderstood()


def has_begun(said: Said) -> bool:
    """Whether a conversion is under way, or over. Raises EngineError where it failed."""
    status = _status(said)
    _raise_known(status)
    return status in AT_WORK or status == FINISHED


def is_done(said: Said) -> bool:
    """Whether a file was taken. Raises EngineError where it was not, in words that are known."""
    status = _status(said)
    _raise_known(status)
    return status == DONE


def is_gone(said: Said) -> bool:
    """Whether a file was deleted, or had never been there."""
    status = _status(said)
    if status in {NOT_YET, "404"}:
        return True
    _raise_known(status)
    return status == DONE or "delet" in status


def is_known(said: Said) -> bool:
    """Whether this is an error in EBOO's own words."""
    return str(said.get("Status")).lower() in BY_STATUS


def credit(said: Said) -> str | None:
    """What is left, from seconds in a string: "3 h 20 min"."""
    if "Status" in said:
        _raise_known(_status(said))
    try:
        seconds = float(str(said.get("AudioTranscribeCredit")))
    except ValueError:
        raise misunderstood() from None
    if not math.isfinite(seconds):
        raise misunderstood()
    minutes = max(0, int(seconds // 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def refused(said: Said) -> EngineError:
    """For a word that is none of those that are known. Nothing has begun; asking again would hear the same."""
    word = " ".join(str(said.get("Status")).split())[:LONGEST_REASON].rstrip(" .")
    return EngineError(f"EBOO refused this recording: {word}.") if word and "<" not in word else misunderstood()


def misunderstood() -> EngineError:
    """For an answer of another shape than agreed. It may be a proxy's on the way: asking again can help."""
    return EngineError("EBOO gave an answer that Textor does not understand.", retryable=True)


def _status(said: Said) -> str:
    status = said.get("Status")
    if not isinstance(status, str | int):
        raise misunderstood()
    return str(status).strip().lower()


def _raise_known(status: str) -> None:
    kind, sentence = BY_STATUS.get(status, (None, ""))
    if kind is Kind.LOST:
        raise JobLost(sentence, retryable=True)
    if kind:
        raise EngineError(sentence, retryable=kind is Kind.LATER)


def _share(progress: object) -> float | None:
    found = SHARE.fullmatch(str(progress).strip())
    share = round(float(found[1]) / 100, 6) if found else math.inf
    return share if share <= 1 else None


def _transcript(output: object) -> Transcript:
    """One segment: EBOO tells no times. It is as long as a slice can be, and is cut to its slice where slices are merged."""
    if not isinstance(output, str):
        raise misunderstood()
    text = " ".join(output.split())
    return Transcript([Segment(0.0, LONGEST_SECONDS, text)] if text else (), language="fa")
