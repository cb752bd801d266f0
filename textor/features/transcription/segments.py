"""The rows of what was said: written as it is heard, and anew once it is put together. In the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select

from textor.domain.transcript import Segment
from textor.extensions import db
from textor.models import SegmentRow, Speaker


@dataclass(slots=True)
class Writer:
    """Appends segments to a transcription's rows, number `count` next. Speakers keep the names that people gave them."""

    seq: int
    count: int = 0
    speakers: dict[str, int] = field(default_factory=dict)

    def add(self, segments: Iterable[Segment]) -> None:
        """Write them, in order."""
        rows = [self._row(segment) for segment in segments]
        if rows:
            db.session.execute(insert(SegmentRow), rows)

    def _row(self, segment: Segment) -> dict[str, object]:
        number = self.count
        self.count += 1
        return {
            "transcription_seq": self.seq,
            "n": number,
            "start": segment.start,
            "end": segment.end,
            "text": segment.text.strip(),
            "speaker_id": self._speaker_id(segment.speaker),
            "speaker_confidence": segment.speaker_confidence,
            "confidence": segment.confidence,
            "words": [[word.text, word.start, word.end, word.confidence] for word in segment.words],
        }

    def _speaker_id(self, label: str | None) -> int | None:
        if not label:
            return None
        if label not in self.speakers:
            speaker = Speaker(transcription_seq=self.seq, label=label)
            db.session.add(speaker)
            db.session.flush()
            self.speakers[label] = speaker.id
        return self.speakers[label]


def replace_all(seq: int, segments: Sequence[Segment]) -> Writer:
    """Write these in the place of all that was there; returns the writer for those that follow."""
    db.session.execute(delete(SegmentRow).where(SegmentRow.transcription_seq == seq))
    spoken = {segment.speaker for segment in segments if segment.speaker}
    db.session.execute(delete(Speaker).where(Speaker.transcription_seq == seq, Speaker.label.not_in(spoken)))
    known = db.session.execute(select(Speaker.label, Speaker.id).where(Speaker.transcription_seq == seq)).all()
    writer = Writer(seq, speakers={row[0]: row[1] for row in known})
    writer.add(segments)
    return writer
