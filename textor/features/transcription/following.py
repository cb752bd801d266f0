"""What has been heard so far of a transcription that runs."""

from sqlalchemy import func, select

from textor.domain.transcript import Segment, Word
from textor.extensions import db
from textor.models import SegmentRow, Speaker, Transcription


def segments(user_id: int, transcription_id: str, start: int = 0) -> list[Segment]:
    """One's own, from number `start` on; nothing for an unknown one."""
    rows = db.session.execute(
        select(SegmentRow, func.coalesce(Speaker.name, Speaker.label))
        .join(Transcription, SegmentRow.transcription_seq == Transcription.seq)
        .outerjoin(Speaker, SegmentRow.speaker_id == Speaker.id)
        .where(Transcription.id == transcription_id, Transcription.user_id == user_id, SegmentRow.n >= start)
        .order_by(SegmentRow.n)
    )
    return [_segment(row, speaker) for row, speaker in rows]


def _segment(row: SegmentRow, speaker: str | None) -> Segment:
    words = tuple(Word(*word) for word in row.words)
    return Segment(row.start, row.end, row.text, words, row.confidence, speaker, row.speaker_confidence)
