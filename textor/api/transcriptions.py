"""The transcribe family: what became of recordings. Lists, one whole, its sound and files; cancel, retry, delete."""

from collections.abc import Iterable, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, bodies, counting, links, repeating, written
from textor.api.schemas.transcriptions import (
    ChangedOut,
    CountsOut,
    FlatOut,
    GroupedOut,
    GroupsOut,
    ItemOut,
    ListIn,
    ListOut,
    RetryIn,
    TranscriptOut,
    UtteranceOut,
    WordOut,
)
from textor.domain import scopes, status_words, timecode
from textor.domain.transcript import Segment
from textor.extensions import csrf
from textor.features.accounts import guests
from textor.features.recordings import library, listing, removing
from textor.features.recordings.listing import Item, Page, Wanted
from textor.features.transcription import control, engines, naming
from textor.features.transcription.naming import Chosen

UNKNOWN = {404: "There is no such transcript, or it is somebody else's."}

calls = APIBlueprint("transcriptions", __name__, url_prefix="/api/transcribe", tag="Transcribe")
csrf.exempt(calls)
bodies.bound(calls)


@calls.get("/")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.input(ListIn, location="query", arg_name="asked")
@calls.doc(
    summary="List transcripts",
    description="Newest first: by status, or with `view=flat` as one list. A guest sees the latest five.",
    responses={400: "A parameter is wrong.", 404: "There is no such page."},
)
@calls.output(ListOut)
def index(asked: ListIn) -> Response:
    return written.out(_by_cursor(asked, asked.cursor) if asked.cursor is not None else _by_page(asked))


@calls.get("/<uuid:transcription_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(summary="Read a transcript", responses=UNKNOWN)
@calls.output(TranscriptOut)
def show(transcription_id: object) -> Response:
    row = library.find(auth.me().user_id, str(transcription_id))
    return written.out(_transcript(row, library.segments(row)))


@calls.post("/<uuid:transcription_id>/cancel")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.changing
@calls.doc(summary="Cancel it", responses=UNKNOWN | {409: "It is over already."})
@calls.output(ChangedOut)
def cancel(transcription_id: object) -> dict[str, str]:
    control.cancel(bootstrap.tools(), auth.me().user_id, str(transcription_id))
    return _changed("Transcription cancelled", transcription_id)


@calls.post("/<uuid:transcription_id>/retry")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@repeating.once
@counting.work
@calls.input(RetryIn, location="json_or_form", arg_name="wanted")
@calls.doc(
    summary="Transcribe it again",
    description="With the same engine what was heard is kept, and only what is missing is asked for.",
    responses=UNKNOWN
    | bodies.LARGE
    | {400: "The engine can't do this.", 402: "Over the month's budget.", 409: "It still waits or runs."},
)
@calls.output(ChangedOut)
def retry(transcription_id: object, wanted: RetryIn) -> dict[str, str]:
    control.retry(bootstrap.tools(), auth.me().user_id, str(transcription_id), *_engine(wanted))
    return _changed("Transcription started again", transcription_id)


@calls.delete("/<uuid:transcription_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.changing
@calls.doc(
    summary="Delete it for good",
    description="Sound, text and all that was made of them, here and at providers. It is stopped where it still runs.",
    responses={204: "It is gone."} | UNKNOWN,
)
def delete(transcription_id: object) -> tuple[str, int]:
    removing.remove(bootstrap.tools(), auth.me().user_id, str(transcription_id))
    return "", 204


def _wanted(asked: ListIn) -> Wanted:
    me = auth.me()
    return Wanted(me.user_id, asked.status or "", asked.page_size, guests.MOST_SEEN if me.is_guest else None)


def _by_cursor(asked: ListIn, cursor: str) -> FlatOut:
    page = listing.after(_wanted(asked), cursor)
    following = links.here(view="flat", cursor=page.cursor) if page.cursor else None
    return FlatOut(count=None, next=following, previous=None, results=_items(page.items))


def _by_page(asked: ListIn) -> GroupedOut | FlatOut:
    page = listing.page(_wanted(asked), asked.page)
    items = _items(page.items)
    following, previous = _neighbours(page)
    if asked.view == "flat":
        return FlatOut(count=page.count, next=following, previous=previous, results=items)
    groups = {word: [item for item in items if item.status == word] for word in status_words.OF_TRANSCRIPT}
    return GroupedOut(
        count=page.count or 0,
        next=following,
        previous=previous,
        current_page=page.number,
        total_pages=page.pages,
        total_count=len(items),
        status_counts=CountsOut(**{word: len(of) for word, of in groups.items()}),
        transcriptions=GroupsOut(**groups),
    )


def _neighbours(page: Page) -> tuple[str | None, str | None]:
    following = links.here(page=page.number + 1) if page.number < page.pages else None
    previous = links.here(page=page.number - 1) if page.number > 1 else None
    return following, previous


def _items(items: Iterable[Item]) -> list[ItemOut]:
    return [ItemOut.model_construct(**_head(item)) for item in items]  # rows are sound: texts are long, and looking costs


def _head(row: Any) -> dict[str, Any]:
    """What every view of a transcript begins with; `row` is one of a list, or whole."""
    return {
        "id": row.id,
        "status": status_words.of_transcript(row.status),
        "text": row.text,
        "audio_url": links.to("sounds.audio", transcription_id=row.id),
        "language_code": row.language or row.requested_language,
        "created_at": timecode.utc(row.created_at),
        "completed_at": timecode.utc_or_none(row.finished_at),
        "error": row.error,
    }


def _transcript(row: Any, segments: Sequence[Segment]) -> TranscriptOut:
    tools = bootstrap.tools()
    return TranscriptOut.model_validate(
        _head(row)
        | {
            "title": row.recording.title,
            "progress": row.progress,
            "message": row.message,
            "confidence": row.confidence,
            "audio_duration": row.recording.seconds,
            "engine": row.engine,
            "model": engines.model_heard_with(tools, row.engine, row.model),
            "version": row.version,
            "words": _words(segments),
            "utterances": _utterances(segments),
            "speakers": list(dict.fromkeys(segment.speaker for segment in segments if segment.speaker)),
        }
    )


def _words(segments: Sequence[Segment]) -> list[WordOut]:
    return [
        WordOut(text=word.text.strip(), start=word.start, end=word.end, confidence=word.confidence, speaker=segment.speaker)
        for segment in segments
        for word in segment.words
    ]


def _utterances(segments: Sequence[Segment]) -> list[UtteranceOut]:
    return [
        UtteranceOut(n=n, start=one.start, end=one.end, text=one.text, speaker=one.speaker, confidence=one.confidence)
        for n, one in enumerate(segments)
    ]


def _engine(wanted: RetryIn) -> tuple[str | None, str | None]:
    engine, model = _named(wanted)
    if engine:
        naming.check_ready(bootstrap.tools(), Chosen(engine, model), may_fetch=True)
    return engine, model


def _named(wanted: RetryIn) -> tuple[str | None, str | None]:
    if not wanted.model_name:
        return wanted.engine, None
    if wanted.engine:
        return wanted.engine, wanted.model_name.removeprefix(f"{wanted.engine}/")
    return naming.chosen(bootstrap.tools(), wanted.model_name)


def _changed(message: str, transcription_id: object) -> dict[str, str]:
    job = listing.job(auth.me().user_id, str(transcription_id))
    status = status_words.of_transcript(job.status) if job else status_words.ERROR
    return {"message": message, "transcript_id": str(transcription_id), "status": status}
