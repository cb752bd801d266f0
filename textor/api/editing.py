"""The transcribe family: corrections, what was corrected, and the way back."""

from typing import Any

from apiflask import APIBlueprint

from textor import bootstrap
from textor.api import auth, bodies, counting
from textor.api.schemas.editing import (
    CorrectionIn,
    EditedWordOut,
    HistoryOut,
    NamesIn,
    NamesOut,
    RestoredOut,
    RestoreIn,
    SegmentOut,
    VersionOut,
)
from textor.domain import scopes, timecode
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.recordings import editing, history, library
from textor.features.recordings.editing import Corrected, Correction
from textor.features.recordings.history import Version

MOST_BYTES = 250_000  # the longest text, escaped
LONGEST_QUOTE = 100
FAULTS: dict[int, Any] = {
    400: "The change can't be understood, or names no version.",
    404: "There is no such transcript or segment, or it is somebody else's.",
    409: "It was changed since: `details` tells the `version` that it is at. Or it has no finished text: `details` is null.",
    413: "The body is too large.",
}
UNKNOWN: dict[int, Any] = {404: "There is no such transcript, or it is somebody else's.", 409: "It has no finished text."}

calls = APIBlueprint("editing", __name__, url_prefix="/api/transcribe/<uuid:transcription_id>", tag="Transcribe")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.patch("/segments/<int:n>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.changing
@calls.input(CorrectionIn, location="json", arg_name="wanted")
@calls.doc(
    summary="Correct a segment",
    description="Its text, its speaker, or both. Words that stay keep their times; new ones get the times of those that they "
    "replace. What is so already makes no new version.",
    responses=FAULTS,
)
@calls.output(SegmentOut)
def correct(transcription_id: object, n: int, wanted: CorrectionIn) -> SegmentOut:
    me, change = auth.me().user_id, _correction(wanted)
    return _segment(editing.correct(bootstrap.tools(), me, str(transcription_id), n, change, wanted.version))


@calls.patch("/speakers")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.changing
@calls.input(NamesIn, location="json", arg_name="wanted")
@calls.doc(summary="Name speakers", description="Two may have the same name.", responses=FAULTS)
@calls.output(NamesOut)
def call(transcription_id: object, wanted: NamesIn) -> NamesOut:
    found = editing.call(bootstrap.tools(), auth.me().user_id, str(transcription_id), wanted.speakers, wanted.version)
    return NamesOut(speakers=dict(found.names), version=found.version)


@calls.get("/history")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(
    summary="What was changed?",
    description="Transcribed anew as a whole, a text has a new history. When only missing parts are tried again, corrections are "
    "made again in the completed text; one that no longer fits is told as `lost`.",
    responses=UNKNOWN,
)
@calls.output(HistoryOut)
def told(transcription_id: object) -> HistoryOut:
    found = history.history(auth.me().user_id, str(transcription_id))
    return HistoryOut(version=found.version, shown=found.shown, versions=[_version(one) for one in found.versions])


@calls.post("/restore/<int:wanted>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.changing
@calls.input(RestoreIn, location="json", arg_name="seen")
@calls.doc(
    summary="Bring a version back",
    description="As a new version: words, times and speakers as they were. 0 always is the text as the engine heard it.",
    responses=FAULTS,
)
@calls.output(RestoredOut)
def restore(transcription_id: object, wanted: int, seen: RestoreIn) -> RestoredOut:
    me, row_id = auth.me().user_id, str(transcription_id)
    version = library.find(me, row_id).version if seen.version is None else seen.version
    return RestoredOut(restored=wanted, version=history.restore(bootstrap.tools(), me, row_id, wanted, version))


def _correction(wanted: CorrectionIn) -> Correction:
    told = wanted.model_fields_set
    if not told & {"text", "speaker"}:
        raise InvalidInput("Say what to change: text, speaker or both.", field="text")
    return Correction(wanted.text if "text" in told else None, (wanted.speaker or "") if "speaker" in told else None)


def _segment(found: Corrected) -> SegmentOut:
    line = found.line
    words = [EditedWordOut(text=text, start=start, end=end, confidence=sure) for text, start, end, sure in line["words"]]
    kept = {name: line[name] for name in ("start", "end", "text", "confidence")}
    return SegmentOut(n=found.n, **kept, speaker=found.speaker, speaker_label=line["speaker"], words=words, version=found.version)


def _version(one: Version) -> VersionOut:
    at = timecode.utc_or_none(one.at)
    return VersionOut(
        version=one.version, kind=one.kind, what=_sentence(one), by=one.by, created_at=at, segment=one.n, start=one.start
    )


def _sentence(one: Version) -> str:
    quote = one.text if one.text is None or len(one.text) <= LONGEST_QUOTE else f"{one.text[: LONGEST_QUOTE - 1]}…"
    called = ", ".join(
        f"{label} is called {name}" if name else f"{label} has no name" for label, name in (one.names or {}).items()
    )
    sentences = {
        "heard": "As the engine heard it",
        "text": f"Segment {one.n} says: {quote}" if quote else f"Segment {one.n} says nothing",
        "speaker": f"{quote} says segment {one.n}" if quote else f"Nobody is known to say segment {one.n}",
        "names": called,
        "pick": "Words of another engine were taken over",
        "unpick": "Words of another engine were given back",
        "restore": f"Version {one.of} was brought back",
        "lost": f"This could not be kept when missing parts were heard: {quote or 'a speaker'}",
    }
    return sentences[one.kind]
