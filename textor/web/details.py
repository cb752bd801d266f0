"""What the transcript page tells under Details: what its engine said beyond the text, where it came from, who heard it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from textor.domain import details
from textor.domain.details import Extras
from textor.domain.transcript import Segment
from textor.features.transcription import comparing
from textor.web import choices, locale

TITLES = {
    "chapters": _l("Chapters"),
    "key_phrases": _l("Key phrases"),
    "entities": _l("Names and things"),
    "topics": _l("Topics"),
    "content_safety": _l("Delicate content"),
}
NAMES = {
    "audio_duration": _l("Seconds heard"),
    "audio_channels": _l("Channels"),
    "billed_seconds": _l("Seconds billed"),
    "billed_tokens": _l("Tokens billed"),
    "confidence": _l("Confidence, as the provider states it"),
    "language_codes": _l("Languages heard"),
    "speech_model_used": _l("Model used"),
    "model": _l("Model used"),
    "request_id": _l("Request number"),
    "summary": _l("Summary"),
    "units": _l("Units billed"),
    "usage.cost": _l("Cost, in the provider's own unit"),
    "throttled": _l("Slowed down by the provider"),
    "warnings": _l("Warnings"),
}


class Voice(NamedTuple):
    """A speaker, and how sure the engine is on average that it is this one (0..1)."""

    name: str
    confidence: float


class Told(NamedTuple):
    """Everything for the template. `facts` are (label, value, whether the value is a provider's)."""

    extras: Extras
    facts: list[tuple[str, str, bool]]
    voices: list[Voice]


def of(row: Any, segments: Sequence[Segment]) -> Told:
    """`row` is a transcription as the library hands it out."""
    extras = details.read(row.details)
    theirs = [(_label(name), value, True) for name, value in extras.facts]
    if row.remote_id:  # to be copied as it is, with its own digits
        theirs.insert(0, (_("Provider's reference"), row.remote_id, True))
    return Told(extras, [*_ours(row), *theirs], voices(segments))


def voices(segments: Sequence[Segment]) -> list[Voice]:
    """Those speakers whose engine says how sure it is, in order of their first words."""
    sums: dict[str, tuple[float, float]] = {}
    for segment in segments:
        if segment.speaker and segment.speaker_confidence is not None:
            total, seconds = sums.get(segment.speaker, (0.0, 0.0))
            length = max(segment.end - segment.start, 0.01)
            sums[segment.speaker] = (total + segment.speaker_confidence * length, seconds + length)
    return [Voice(name, total / seconds) for name, (total, seconds) in sums.items()]


def _ours(row: Any) -> list[tuple[str, str, bool]]:
    engines = choices.titles()
    taken = [f"{engines.get(name, name)} ({locale.digits(count)})" for name, count in comparing.taken_over(row)]
    facts = [
        (_("Confidence"), _percent(row.confidence)),
        (_("Language"), f"{locale.language_name(row.language)} · {_percent(row.language_confidence)}"),
        (_("Passages of other engines"), ", ".join(taken)),
    ]
    is_told = (
        row.confidence is not None,
        row.language_confidence is not None and bool(row.language),
        bool(taken),
    )
    return [(name, value, False) for (name, value), is_known in zip(facts, is_told, strict=True) if is_known]


def _label(name: str) -> str:
    """Of a part: its number stays in front."""
    part, colon, plain = name.rpartition(": ")
    return part + colon + str(NAMES.get(plain, plain))


def _percent(share: float | None) -> str:
    sign = "٪" if locale.tag() == "fa" else "%"
    return "" if share is None else locale.digits(round(share * 100)) + sign
