"""What Deepgram answers, read with care: a transcript, what is left in the account, or why it refused.

`results.channels` has what was heard in each channel; `results.utterances` the same words, turn by turn, of all channels.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import fmean
from typing import Any

from textor.adapters.http_client import Answer
from textor.adapters.stt import sentences
from textor.adapters.stt.deepgram_models import ours
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import EngineError

Said = Mapping[str, Any]

LONGEST_REASON = 200
BUSY_SECONDS = 15.0
NO_CREDIT = re.compile(r"payment|credit|balance|billing", re.IGNORECASE)
UNREADABLE = re.compile(r"corrupt|unsupported data|failed to process audio", re.IGNORECASE)
SENTENCES: Mapping[int, str] = {
    401: "The key for Deepgram was refused. Ask the operator to check DEEPGRAM_API_KEY.",
    403: "The key for Deepgram may not be used for this. Ask the operator to check what it is allowed at Deepgram.",
    413: "The recording is too large for Deepgram.",
}
WRONG_SHAPE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


def read(said: Said, language: str | None) -> Transcript:
    """The transcript. `language` is what was asked for. Raises EngineError where nothing can be understood."""
    try:
        return _transcript(said, language)
    except WRONG_SHAPE as error:
        raise misunderstood() from error


def misunderstood() -> EngineError:
    """For an answer of another shape than agreed. It may be a proxy's on the way: asking again can help."""
    return EngineError("Deepgram gave an answer that Textor does not understand.", retryable=True)


def credit(said: Said) -> str | None:
    """What is left, by unit: "12.50 USD"."""
    left: dict[str, float] = {}
    try:
        for one in said["balances"]:
            left[str(one["units"]).upper()] = left.get(str(one["units"]).upper(), 0.0) + float(one["amount"])
    except WRONG_SHAPE:
        return None
    return ", ".join(f"{amount:.2f} {unit}" for unit, amount in left.items()) or None


def refused(answer: Answer) -> EngineError:
    """Why, from its status and its own words."""
    code, words = _words_of(answer)
    status = answer.status
    if status in {408, 429} or status >= 500:
        return _later(status, answer.retry_after)
    if status == 402 or (status in {400, 403} and NO_CREDIT.search(code)):
        return EngineError("The Deepgram account has no credit left. Ask the operator to top it up.")
    if status in {400, 415, 422} and UNREADABLE.search(words):
        return EngineError("Deepgram can't read this recording: it is damaged, or in a format that Deepgram does not know.")
    return EngineError(SENTENCES.get(status) or f"Deepgram refused this recording: {words or f'its answer was {status}'}.")


def _later(status: int, pause: float | None) -> EngineError:
    if status == 429:
        pause = BUSY_SECONDS if pause is None else pause
        return EngineError("Deepgram takes no more requests for the moment.", retryable=True, retry_after=pause)
    if status == 504:
        return EngineError("Deepgram did not finish within the time that it gives itself.", retryable=True, retry_after=pause)
    return EngineError(f"Deepgram is out of order for the moment (its answer was {status}).", retryable=True, retry_after=pause)


def _words_of(answer: Answer) -> tuple[str, str]:
    """Code and reason of an error, in each of Deepgram's three ways to tell them; nothing where they are a proxy's page."""
    said = answer.json()
    if isinstance(said, str):
        return "", _reason(said)
    if not isinstance(said, dict):
        return "", ""
    parts = [said.get("err_msg") or said.get("message"), said.get("details")]
    code = str(said.get("err_code") or said.get("category") or "")
    return code, _reason(": ".join(str(part).rstrip(" .") for part in parts if part))


def _reason(text: str) -> str:
    """The provider's own words, fit for a sentence of ours: one line, no addresses, no full stop."""
    line = " ".join(re.sub(r"https?://\S+", "", text).split())
    return line.removeprefix("Bad Request: ")[:LONGEST_REASON].rstrip(" .,:")


def _transcript(said: Said, language: str | None) -> Transcript:
    results = said["results"]
    heard = [channel["alternatives"][0] for channel in results["channels"]]
    is_call = len(heard) > 1
    segments = sorted(_segments(results, heard, is_call=is_call), key=lambda segment: segment.start)
    texts = [one["transcript"].strip() for one in heard]
    if not heard or (any(texts) and not segments):
        raise ValueError("text without words")
    told = _language(results["channels"][0], heard[0])
    return Transcript(
        segments,
        language=ours(told) if told else language,
        language_confidence=_share(results["channels"][0].get("language_confidence")),
        details=_details(said, heard),
    )


def _segments(results: Said, heard: Sequence[Said], *, is_call: bool) -> Iterator[Segment]:
    """A turn's words are its text once more; where turns are missing, a channel's words will do."""
    turns = results.get("utterances") or ()
    for turn in turns:
        yield from _spoken(turn["words"], turn["transcript"], int(turn["channel"]) if is_call else None)
    if not turns:
        for number, one in enumerate(heard):
            yield from _spoken(one.get("words") or (), one["transcript"], number if is_call else None)


def _spoken(words: Sequence[Said], text: str, channel: int | None) -> Iterator[Segment]:
    """Of one turn, or of all: cut where another speaks."""
    words = [one for one in words if _text(one)]
    runs = [list(run) for _, run in groupby(words, key=lambda one: one.get("speaker"))]
    for run in runs:
        label = channel if channel is not None else run[0].get("speaker")
        speaker = None if label is None else f"Speaker {int(label) + 1}"
        sure = None if channel is not None else _mean(one.get("speaker_confidence") for one in run)
        for segment in sentences.segments([_word(one) for one in run], text if len(runs) == 1 else "", speaker):
            yield replace(segment, speaker_confidence=sure if speaker else None)


def _word(one: Said) -> Word:
    start, end = float(one["start"]), float(one["end"])
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("no time")
    start = max(0.0, start)
    return Word(_text(one), round(start, 3), round(max(start, end), 3), _share(one.get("confidence")))


def _text(one: Said) -> str:
    text: str = one.get("punctuated_word") or one["word"]
    return text.strip()


def _language(channel: Said, alternative: Said) -> str | None:
    """What was found out: by `detect_language`, or by the model that hears many, the one it heard most of first."""
    told = channel.get("detected_language")
    several = alternative.get("languages")
    if not told and several:
        told = next(iter(several))
    return str(told) if told else None


def _share(value: float | None) -> float | None:
    if value is None:
        return None
    share = float(value)
    if not math.isfinite(share):
        raise ValueError("no share")
    return round(min(1.0, max(0.0, share)), 3)


def _mean(values: Iterator[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return _share(fmean(known)) if known else None


def _details(said: Said, heard: Sequence[Said]) -> dict[str, object]:
    """What is worth keeping beside the text. Topics and their like cost extra and aren't asked for."""
    metadata = said.get("metadata")
    if not isinstance(metadata, dict):
        return {}
    known = metadata.get("model_info")
    models = [str(one.get("name")) for one in known.values() if isinstance(one, dict)] if isinstance(known, dict) else []
    found = {
        "request_id": metadata.get("request_id"),
        "audio_duration": metadata.get("duration"),
        "audio_channels": metadata.get("channels"),
        "speech_model_used": ", ".join(sorted(set(models))),
        "language_codes": heard[0].get("languages"),
    }
    return {name: value for name, value in found.items() if value}
