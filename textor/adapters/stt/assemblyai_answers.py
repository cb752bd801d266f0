"""What AssemblyAI answers about a job, read with care: a transcript, that it isn't done, or why it failed.

Times there are milliseconds. `words` has every word; `utterances` come where speakers or channels were asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textor.adapters.stt import assemblyai_extras as extras
from textor.adapters.stt import sentences
from textor.adapters.stt.port import Progress
from textor.domain import languages
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import EngineError, JobLost

Answer = Mapping[str, Any]

POLL_SECONDS = 3.0
LONGEST_REASON = 200
# What a deleted transcript still answers, as if it were one.
DELETED_URL = "http://deleted_by_user"
KEPT = ("audio_duration", "audio_channels", "confidence", "language_codes", "speech_model_used", "throttled")
FROM_THEIRS = {"jw": "jv"}
UNDER_WAY = ("queued", "processing")
NO_SPEECH = re.compile(r"no spoken audio", re.IGNORECASE)
THEIR_FAULT = re.compile(r"server error|developers have been alerted|download error|unable to download", re.IGNORECASE)
NO_AUDIO = re.compile(r"not appear to contain audio|no audio", re.IGNORECASE)
TOO_SHORT = re.compile(r"too short", re.IGNORECASE)


def read(answer: Answer) -> Transcript | Progress:
    """What a job's answer says. Raises EngineError where it failed or says nothing that can be understood."""
    status = answer.get("status")
    if status in UNDER_WAY:
        return Progress(poll_seconds=POLL_SECONDS)
    if status == "error":
        return _failed(answer)
    if status != "completed":
        raise misunderstood()
    if answer.get("audio_url") == DELETED_URL:
        raise JobLost("The transcript was deleted at AssemblyAI before Textor had it.", retryable=True)
    try:
        return _transcript(answer)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise misunderstood() from error


def misunderstood() -> EngineError:
    """For an answer of another shape than agreed. It may be a proxy's on the way: asking again can help."""
    return EngineError("AssemblyAI gave an answer that Textor does not understand.", retryable=True)


def reason(text: object) -> str:
    """The provider's own words, fit for a sentence of ours: one line, no addresses, no full stop."""
    line = " ".join(re.sub(r"https?://\S+", "", str(text)).split())
    return line[:LONGEST_REASON].rstrip(" .,:")


def _failed(answer: Answer) -> Transcript:
    text = str(answer.get("error") or "")
    if NO_SPEECH.search(text):  # a language can't be detected in silence, and silence is no failure
        return Transcript((), details=_details(answer))
    if THEIR_FAULT.search(text):
        raise JobLost("AssemblyAI had an error of its own and gave this job up.", retryable=True)
    if NO_AUDIO.search(text):
        raise EngineError("AssemblyAI found no audio in this recording.")
    if TOO_SHORT.search(text):
        raise EngineError("The recording is too short for AssemblyAI.")
    raise EngineError(f"AssemblyAI could not transcribe this recording: {reason(text) or 'it gives no reason'}.")


def _transcript(answer: Answer) -> Transcript:
    text = answer["text"]
    segments = sorted(_segments(answer, text), key=lambda segment: segment.start)
    if text.strip() and not segments:
        raise ValueError("text without words")
    code = answer.get("language_code")
    language = languages.base(code) if code else None
    return Transcript(
        segments,
        language=FROM_THEIRS.get(language, language) if language else None,
        language_confidence=_share(answer.get("language_confidence")),
        details=_details(answer),
    )


def _segments(answer: Answer, text: str) -> Iterator[Segment]:
    for turn in answer.get("utterances") or ():
        yield from sentences.segments(_words(turn["words"]), turn["text"], _speaker(turn))
    if not answer.get("utterances"):
        yield from sentences.segments(_words(answer["words"]), text)


def _speaker(turn: Answer) -> str | None:
    """A letter; the side of a call, told as a number, is called as it is with every engine."""
    said = str(turn.get("speaker") or turn.get("channel") or "")
    return f"Speaker {said}" if said.isdecimal() else said or None


def _words(spoken: Sequence[Answer] | None) -> list[Word]:
    return [_word(word) for word in spoken or () if word["text"].strip()]


def _word(word: Answer) -> Word:
    start = max(0, int(word["start"]))
    return Word(word["text"].strip(), start / 1000, max(start, int(word["end"])) / 1000, _share(word.get("confidence")))


def _share(value: float | None) -> float | None:
    return None if value is None else round(min(1.0, max(0.0, float(value))), 3)


def _details(answer: Answer) -> dict[str, object]:
    """What is worth keeping beside the text. `warnings` tells what was asked for and silently left out."""
    details: dict[str, object] = {name: answer[name] for name in KEPT if answer.get(name) is not None} | extras.read(answer)
    metadata = answer.get("metadata")
    said = metadata.get("warnings") if isinstance(metadata, dict) else None
    warnings = [reason(one["message"]) for one in said or () if isinstance(one, dict) and one.get("message")]
    return {**details, "warnings": warnings} if warnings else details
