"""Answers to OpenAI's clients that begin before there is a text: server-sent events, and texts after a sign of life.

Proxies cut connections on which nothing comes (Heroku after 55 s), so something does: comments between events, white space before
a text, which neither JSON nor subtitles mind.
"""

import errno
from collections.abc import Iterator, Sequence

from flask import Response, stream_with_context
from pydantic import BaseModel

from textor import bootstrap
from textor.api import openai_answers as answers
from textor.api import openai_endings as endings
from textor.api.openai_answers import Speakers
from textor.api.openai_asking import Wish
from textor.api.openai_endings import Work
from textor.api.schemas.openai_compatible import DeltaOut, DoneOut, TokensOut
from textor.domain.job_states import DONE
from textor.domain.transcript import Segment
from textor.features.recordings import library
from textor.features.transcription import familiar, following, waiting

BEAT_SECONDS = 10.0
COMMENT = b": waiting\n\n"
VTT_HEAD = b"WEBVTT\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def events(work: Work, wish: Wish, beat_seconds: float = BEAT_SECONDS) -> Response:
    """Text as it is heard, then all of it; a comment at once and now and then."""
    heard = _events(work, _Teller(wish.response_format == "diarized_json"), beat_seconds)
    return Response(stream_with_context(heard), content_type="text/event-stream; charset=utf-8", headers=HEADERS)


def held(work: Work, wish: Wish) -> Response:
    """The text, however long it takes. Where there is none in the end the connection breaks off: official clients ask again
    then, and are told why."""
    media_type = answers.JSON if wish.response_format.endswith("json") else answers.PLAIN
    return Response(stream_with_context(_held(work, wish)), content_type=media_type, headers=HEADERS)


def _held(work: Work, wish: Wish) -> Iterator[bytes]:
    is_vtt = wish.response_format == "vtt"
    yield VTT_HEAD if is_vtt else b"\n"
    for beat in _beats(work, BEAT_SECONDS):
        if beat:
            yield b"\n"
    if not endings.is_readable(work):
        raise ConnectionResetError(errno.ECONNRESET, "There is no text to send.")
    body = answers.answer(work, wish).body
    yield body.removeprefix(VTT_HEAD) if is_vtt else body


def _beats(work: Work, beat_seconds: float) -> Iterator[bool]:
    """A look after the other, until it is over; True where it is time for a sign of life."""
    last = 0.0
    for passed in waiting.looks():
        if endings.is_over(work):
            return
        is_due = passed - last >= beat_seconds
        last = passed if is_due else last
        waiting.let_go()
        yield is_due


def _events(work: Work, teller: "_Teller", beat_seconds: float) -> Iterator[bytes]:
    yield COMMENT
    for beat in _beats(work, beat_seconds):
        heard = following.segments(work.user_id, work.id, teller.count)
        waiting.let_go()
        yield from teller.more(heard)
        if beat:
            yield COMMENT
    ends = list(_end(work, teller))
    waiting.let_go()
    yield from ends


def _end(work: Work, teller: "_Teller") -> Iterator[bytes]:
    state = endings.look(work)
    if state is None or state.status not in DONE:
        familiar.told(bootstrap.tools(), work.id)
        yield _event(endings.fault(state))
        return
    document = library.document(library.find(work.user_id, work.id))
    yield from teller.more(document.segments[teller.count :])
    usage = TokensOut(seconds=document.seconds)
    yield _event(DoneOut(text=answers.text(document.segments), usage=usage))


class _Teller:
    """Tells each segment once. What was heard may be put together anew at the end: then the last event has the right text."""

    def __init__(self, is_diarized: bool) -> None:
        self.count = 0
        self._is_diarized, self._speakers = is_diarized, Speakers()
        self._before: tuple[Segment, ...] = ()

    def more(self, segments: Sequence[Segment]) -> Iterator[bytes]:
        for segment in segments:
            *_, piece = answers.pieces([*self._before, segment])
            yield from self._told(segment, piece)
            self._before, self.count = (segment,), self.count + 1

    def _told(self, segment: Segment, piece: str) -> Iterator[bytes]:
        if not self._is_diarized:
            yield _event(DeltaOut(delta=piece))
            return
        said = answers.spoken(self.count, segment, self._speakers)
        yield _event(DeltaOut(delta=piece, segment_id=said.id))
        yield _event(said)


def _event(told: BaseModel) -> bytes:
    return f"data: {told.model_dump_json(exclude_none=True)}\n\n".encode()
