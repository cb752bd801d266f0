"""The rows of what was said: written as it is heard, and anew once it is put together. In the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
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
        _insert([self.row(segment) for segment in segments])

    def row(self, segment: Segment) -> dict[str, object]:
        """The next one's columns."""
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
    return replace_many({seq: segments})[seq]


def replace_many(texts: Mapping[int, Sequence[Segment]]) -> dict[int, Writer]:
    """The same for several transcriptions, in as many statements as for one."""
    db.session.execute(delete(SegmentRow).where(SegmentRow.transcription_seq.in_(sorted(texts))))
    speakers = _speakers(texts)
    writers = {seq: Writer(seq, speakers=speakers[seq]) for seq in texts}
    _insert([writers[seq].row(segment) for seq, segments in texts.items() for segment in segments])
    return writers


def _insert(rows: Sequence[dict[str, object]]) -> None:
    if rows:  # with NULLs written out, rows with and without one are still one statement
        db.session.execute(insert(SegmentRow), rows, execution_options={"render_nulls": True})


def _speakers(texts: Mapping[int, Sequence[Segment]]) -> dict[int, dict[str, int]]:
    """The ids of those who speak, by label. Who is known keeps the name that people gave them; who is silent now goes."""
    spoken = dict.fromkeys((seq, s.speaker) for seq, segments in texts.items() for s in segments if s.speaker)
    known = _known_speakers(texts)
    if silent := [id_ for who, id_ in known.items() if who not in spoken]:
        db.session.execute(delete(Speaker).where(Speaker.id.in_(silent)))
        known = {who: id_ for who, id_ in known.items() if who in spoken}
    if strangers := [{"transcription_seq": seq, "label": label} for seq, label in spoken if (seq, label) not in known]:
        db.session.execute(insert(Speaker), strangers)
        known = _known_speakers(texts)
    found: dict[int, dict[str, int]] = {seq: {} for seq in texts}
    for (seq, label), id_ in known.items():
        found[seq][label] = id_
    return found


def _known_speakers(texts: Iterable[int]) -> dict[tuple[int, str], int]:
    columns = (Speaker.transcription_seq, Speaker.label, Speaker.id)
    rows = db.session.execute(select(*columns).where(Speaker.transcription_seq.in_(sorted(texts)))).all()
    return {(row[0], row[1]): row[2] for row in rows}
