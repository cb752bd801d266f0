"""What has been heard so far of a transcription that runs, and what is new of it since somebody looked last."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from textor.domain.job_states import FINAL
from textor.domain.telling import Told
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.recordings import listing
from textor.features.recordings.listing import JobState
from textor.job_queue.slices import OPEN
from textor.models import Recording, SegmentRow, Slice, Speaker, Transcription

WHOLE = 100.0
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
SPEAKER = func.coalesce(Speaker.name, Speaker.label)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Which slice is being heard, from 1, of how many, and how much of it is done (percent). Without slices there is one."""

    current: int
    total: int
    progress: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a transcription stands."""

    state: JobState
    chunk: Chunk

    @property
    def is_over(self) -> bool:
        return self.state.status in FINAL


@dataclass(frozen=True, slots=True)
class News:
    """What a look has found: how it stands, and the segments that nobody was told of yet."""

    standing: Standing
    segments: list[Segment]


def segments(user_id: int, transcription_id: str, start: int = 0) -> list[Segment]:
    """One's own, from number `start` on, without their words; nothing for an unknown one."""
    rows = db.session.execute(
        select(SegmentRow.start, SegmentRow.end, SegmentRow.text, SPEAKER, SegmentRow.speaker_confidence)
        .join(Transcription, SegmentRow.transcription_seq == Transcription.seq)
        .outerjoin(Speaker, SegmentRow.speaker_id == Speaker.id)
        .where(Transcription.id == transcription_id, Transcription.user_id == user_id, SegmentRow.n >= start)
        .order_by(SegmentRow.n)
    )
    return [Segment(start, end, text, speaker=who, speaker_confidence=sure) for start, end, text, who, sure in rows]


class Follower:
    """Follows one's own transcription: two light statements a look, and nobody holds a connection between two of them."""

    def __init__(self, user_id: int, transcription_id: str) -> None:
        self._whose = (user_id, transcription_id)
        self._told = Told()
        self._chunk, self._changed_at = Chunk(1, 1, 0.0), NEVER

    def look(self) -> News | None:
        """What is new since the last look; None for an unknown one. The text is read after how it stands: where that is final,
        nothing is missing."""
        state = listing.job(*self._whose)
        if state is None:
            return None
        if self._changed_at != state.updated_at:  # slices change with their transcription
            self._changed_at, self._chunk = state.updated_at, self._chunk_of(state)
        standing = Standing(state, self._chunk)
        return News(standing, self._heard(is_over=standing.is_over))

    def _heard(self, *, is_over: bool) -> list[Segment]:
        rows = segments(*self._whose, self._told.first)
        if self._told.fits(rows):
            return self._told.following(rows)
        if not rows and not is_over:
            return []  # a run that has taken over isn't there yet
        return self._told.anew(segments(*self._whose))

    def _chunk_of(self, state: JobState) -> Chunk:
        """Slices go when a text is whole: that it had them is remembered."""
        rows = db.session.execute(
            select(Slice.start, Slice.end, Slice.state, Recording.seconds)
            .join(Transcription, Slice.transcription_seq == Transcription.seq)
            .join(Transcription.recording)
            .where(Transcription.id == state.id)
            .order_by(Slice.n)
        ).all()
        total = max(self._chunk.total, len(rows))
        left = [row for row in rows if row.state in OPEN]
        if left:
            start, end, _, seconds = left[0]
            return Chunk(len(rows) - len(left) + 1, total, _share(start, end, seconds * state.progress / WHOLE))
        if rows or state.progress >= WHOLE:
            return Chunk(total, total, WHOLE)
        return Chunk(1, total, state.progress)


def _share(start: float, end: float, reached: float) -> float:
    share = (reached - start) / (end - start) if end > start else 0.0
    return round(WHOLE * min(1.0, max(0.0, share)), 1)
