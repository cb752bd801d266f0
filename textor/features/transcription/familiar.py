"""The same request once more: whoever waits for a text by asking again gets the one that is there or on its way."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import select

from textor.adapters.stt.port import Options
from textor.domain.job_states import DONE, OPEN
from textor.extensions import db
from textor.features.recordings.intake import Choice
from textor.features.transcription import engines, failover
from textor.models import Recording, Transcription
from textor.toolbox import Toolbox

REMEMBERED = timedelta(hours=24)
BEGINNING, BEGINNING_SECONDS = "textor:beginning:{}:{}", 20
TOLD = "textor:told:{}"
"""Somebody was told that this one has failed: whoever asks again means to try again."""


@contextmanager
def one_by_one(tools: Toolbox, user_id: int, sha256: str) -> Iterator[None]:
    """Of several who send the same at once, each finds what the one before has begun. Redis away: each begins for itself."""
    lock = tools.redis.lock(BEGINNING.format(user_id, sha256), timeout=BEGINNING_SECONDS, blocking_timeout=BEGINNING_SECONDS)
    try:
        is_held = lock.acquire()
    except RedisError:
        is_held = False
    try:
        yield
    finally:
        if is_held:
            with suppress(RedisError):
                lock.release()


def find(tools: Toolbox, user_id: int, sha256: str, choice: Choice) -> str | None:
    """The user's transcription of the same sound with the same wishes, of the last day; None where a new one is wanted: there is
    none, or it has failed and they know. Raises InvalidInput for wishes that can't be honoured."""
    engine = choice.engine or engines.default(tools)
    wished = engines.check_choice(tools, engine, choice.model, choice.language, diarize=choice.diarize, hints=choice.hints)
    rows = db.session.scalars(
        select(Transcription)
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(
            Recording.sha256 == sha256,
            Recording.user_id == user_id,
            Transcription.deleted_at.is_(None),
            Transcription.created_at > tools.clock.now() - REMEMBERED,
        )
        .order_by(Transcription.seq.desc())
    )
    same = (row for row in rows if _asked_of(row) == engine and _is_like(row, wished))
    return next((row.id for row in same if _is_wanted(tools, row)), None)


def told(tools: Toolbox, transcription_id: str) -> None:
    """Its failure is known to whoever asked."""
    with suppress(RedisError):
        tools.redis.set(TOLD.format(transcription_id), 1, ex=REMEMBERED)


def _asked_of(row: Transcription) -> str:
    """The engine that was wished for, whichever went on for it."""
    notes: Any = row.details.get(failover.NOTES) or [{"from": row.engine}]
    return str(notes[0]["from"])


def _is_like(row: Transcription, wished: Options) -> bool:
    had = (row.requested_language, row.diarize, row.speaker_count, tuple(row.vocabulary), engines.hints_of(row).translate)
    is_model = row.model == wished.model or failover.NOTES in row.details  # which forgets the model of the engine before
    return is_model and had == (wished.language, wished.diarize, wished.speaker_count, wished.vocabulary, wished.translate)


def _is_wanted(tools: Toolbox, row: Transcription) -> bool:
    if row.status in OPEN | DONE:
        return True
    try:
        return not tools.redis.exists(TOLD.format(row.id))
    except RedisError:
        return False
