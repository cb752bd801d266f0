"""What Vira answers, read with care: a transcript, that it isn't done, or why it refused.

{"data": {"status", "id" | "requestId", "data": {"aiResponse": {"status", "message", "result": {"text"}, "segments"}}}}
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textor.adapters.http_client import Answer
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, TooLong

Said = Mapping[str, Any]

POLL_SECONDS = 4.0
LONGEST_SECONDS = 300.0
"""What a program that uses Vira sends it; it names no limit of its own."""
SURE_SECONDS = 50.0
"""What is known to be taken where that was too long."""
BUSY_SECONDS = 15.0
LONGEST_REASON = 200
UNDER_WAY = frozenset({"pending", "processing", "queued"})
FAILED = frozenset({"fail", "failed", "error"})
NO_CREDIT = re.compile(r"balance|credit|charge", re.IGNORECASE)
NO_AUDIO = re.compile(r"empty audio", re.IGNORECASE)
UNREADABLE = re.compile(r"content is unexpected", re.IGNORECASE)
JOB_ID = re.compile(r"[!-~]{1,255}")
TRACE_HEADERS = ("x-request-id", "x-trace-id")
BAD_TOKEN = "The token for Vira was refused. Ask the operator to check VIRA_TOKEN."  # noqa: S105 - a sentence
NO_CREDIT_LEFT = "The Vira account has no credit left. Ask the operator to top it up."


def read(said: Said) -> Transcript | None:
    """The transcript; None while Vira is at work. Raises EngineError where it failed or nothing can be understood."""
    data = _object(said.get("data"))
    response = _response(data)
    words = {str(one.get("status")).lower() for one in (data, response)}
    if words & UNDER_WAY:  # what it has heard so far isn't all
        return None
    text, message = _text(data), _message(said)
    if words & FAILED or (not text and _is_known(message)):
        raise _failure(message)
    if text is not None:
        return Transcript(_segments(response, text), language="fa", details=_details(response))
    raise misunderstood()


def job_id(said: Said) -> str:
    """The id of what Vira is at work on. Without one it can't be asked after, and to send it again may be to pay again."""
    data = _object(said.get("data"))
    places = (data, _object(data.get("data")))
    found = next((str(place[name]) for place in places for name in ("id", "requestId") if place.get(name)), "")
    if not JOB_ID.fullmatch(found):
        raise EngineError("Vira took the recording, but did not say under which number.")
    return found


def misunderstood() -> EngineError:
    """For an answer of another shape than agreed. It may be a proxy's on the way: asking again can help."""
    return EngineError("Vira gave an answer that Textor does not understand.", retryable=True)


def refused(answer: Answer) -> EngineError:
    """Why, from its status and its own words."""
    said, status = _object(answer.json()), answer.status
    message = _message(said)
    if status == 413 or _is_too_long(said):
        return TooLong("Vira takes less than this at once.", seconds=SURE_SECONDS)
    if status == 401:
        return EngineError(BAD_TOKEN)
    if status in {402, 403}:
        return EngineError(NO_CREDIT_LEFT)
    if status in {408, 429} or status >= 500:
        return _later(status, answer.retry_after)
    if status == 404:
        return EngineError("Vira is not at this address. Ask the operator to check VIRA_BASE_URL.")
    return _failure(message) if message else EngineError(f"Vira refused this recording: its answer was {status}.")


def ailment(answer: Answer) -> str | None:
    """What stands in the way of whoever was answered so, whatever they have asked for; None: nothing."""
    status = answer.status
    return refused(answer).message if status in {401, 402, 403, 408, 429} or status >= 500 else None


def trace(answer: Answer) -> str | None:
    """What Vira calls this exchange, for its support."""
    data = _object(_object(answer.json()).get("data"))
    named = [answer.headers.get(name) for name in TRACE_HEADERS] + [data.get("traceId"), data.get("requestId")]
    return next((str(one) for one in named if one), None)


def _later(status: int, pause: float | None) -> EngineError:
    if status == 429:
        pause = BUSY_SECONDS if pause is None else pause
        return EngineError("Vira takes no more requests for the moment.", retryable=True, retry_after=pause)
    return EngineError(f"Vira is out of order for the moment (its answer was {status}).", retryable=True, retry_after=pause)


def _failure(message: str) -> EngineError:
    if NO_AUDIO.search(message):
        return EngineError("Vira found no audio in this recording.")
    if UNREADABLE.search(message):
        return EngineError("Vira can't read this recording.")
    if NO_CREDIT.search(message):
        return EngineError(NO_CREDIT_LEFT)
    return EngineError(f"Vira could not transcribe this recording: {message or 'it gives no reason'}.")


def _is_known(message: str) -> bool:
    return any(pattern.search(message) for pattern in (NO_AUDIO, UNREADABLE, NO_CREDIT))


def _is_too_long(said: Said) -> bool:
    """Whether it was checked and found too long: `data.additionalInfo.additionalInfo.validationResults`."""
    place = _object(said.get("data"))
    while place := _object(place.get("additionalInfo")):
        results = place.get("validationResults")
        for one in results if isinstance(results, list) else ():
            if _object(one).get("field") == "duration" and _object(one).get("passed") is False:
                return True
    return False


def _message(said: Said) -> str:
    """The provider's own words, fit for a sentence of ours: one line, no addresses, no full stop."""
    data = _object(said.get("data"))
    found = next((one["message"] for one in (said, data, _response(data)) if isinstance(one.get("message"), str)), "")
    line = " ".join(re.sub(r"https?://\S+", "", found).split())
    return line[:LONGEST_REASON].rstrip(" .,:")


def _response(data: Said) -> Said:
    return _object(_object(data.get("data")).get("aiResponse"))


def _object(value: object) -> Said:
    return value if isinstance(value, dict) else {}


def _text(data: Said) -> str | None:
    response = _response(data)
    for place in (_object(response.get("result")), _object(data.get("data")), data):
        text = place.get("text")
        if text is not None:
            if not isinstance(text, str):
                raise misunderstood()
            return text.strip()
    texts = [one.get("text") for one in _pieces(response)]
    told = [text.strip() for text in texts if isinstance(text, str)]
    return " ".join(told) if texts and len(told) == len(texts) else None


def _pieces(response: Said) -> Sequence[Said]:
    found = response.get("segments") or _object(response.get("result")).get("segments")
    return [_object(one) for one in found] if isinstance(found, list) else []


def _segments(response: Said, text: str) -> Sequence[Segment]:
    """As Vira cuts them, where they all have text and times. Without times a text is said from its start to its end: it is cut to
    its slice where slices are merged."""
    if not text:
        return ()
    try:
        found = sorted(_timed(_pieces(response)), key=lambda segment: segment.start)
    except (KeyError, TypeError, ValueError):
        found = []
    return found or [Segment(0.0, LONGEST_SECONDS, text)]


def _timed(pieces: Sequence[Said]) -> Iterator[Segment]:
    for one in pieces:
        start, end, words = float(one["start"]), float(one["end"]), one["text"]
        if not (0 <= start <= end <= 1.1 * LONGEST_SECONDS and isinstance(words, str)):  # milliseconds, say
            raise ValueError("no times that can be understood")
        if words.strip():
            yield Segment(start, end, words.strip(), speaker=_speaker(one.get("speaker")))


def _speaker(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"Speaker {value + 1}"
    return value.strip() or None if isinstance(value, str) else None


def _details(response: Said) -> dict[str, object]:
    """What it reckons with, for whoever compares bills."""
    units = _object(response.get("meta")).get("units")
    return {"units": units} if isinstance(units, int | float) and math.isfinite(units) else {}
