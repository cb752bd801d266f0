"""The steps of a transcription: measure the recording once, decode it for the engine, store segments as they come."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy import delete

from textor.adapters.audio import convert, measure
from textor.adapters.stt.port import Audio
from textor.domain import transcript as transcripts
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Recording, SegmentRow, Speaker, Transcription
from textor.toolbox import Toolbox

FLUSH_SECONDS = 0.5  # how often what was heard is committed: live enough to watch, rare enough to cost nothing


@dataclass(frozen=True, slots=True)
class Track:
    """What one engine run hears: the whole recording, or one channel of a call. `speaker` labels a channel."""

    audio: Audio
    speaker: str | None = None


@contextmanager
def prepared_audio(tools: Toolbox, claim: Claim, row: Transcription) -> Iterator[list[Track]]:
    """The recording as its engine's tracks; the first run over it measures it. No track: there is nothing but silence in it.

    Raises InvalidInput where it is unusable.
    """
    recording = row.recording
    with tools.storage.local_path(recording.storage_key) as path:
        if recording.peaks is None:
            _measure(tools, claim, recording, path)
        yield _tracks(tools, row, path) if any(recording.peaks or b"") else []


def merged(tracks: Sequence[Track], answers: Sequence[Transcript]) -> Transcript:
    """One transcript out of the tracks' own, in the order of time, still lazily: a call's channels are heard turn by turn."""
    if len(tracks) <= 1:
        return answers[0] if answers else Transcript([])
    first = answers[0]
    labelled = [_labelled(answer.segments, track.speaker) for track, answer in zip(tracks, answers, strict=True)]
    return replace(first, segments=heapq.merge(*labelled, key=lambda segment: segment.start))


@dataclass(slots=True)
class Heard:
    """What a run has stored so far."""

    texts: list[str] = field(default_factory=list)
    rated: list[Segment] = field(default_factory=list)
    speakers: dict[str, int] = field(default_factory=dict)
    count: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    @property
    def confidence(self) -> float | None:
        return transcripts.confidence(self.rated)


def store_segments(tools: Toolbox, claim: Claim, transcript: Transcript) -> Heard:
    """Write each segment as it is produced, in the transaction that proves the claim. What an earlier run left goes first."""
    heard = Heard()
    runs.write(tools, claim)
    for model in (SegmentRow, Speaker):
        db.session.execute(delete(model).where(model.transcription_seq == claim.seq))
    seconds = db.session.get_one(Transcription, claim.seq).recording.seconds
    db.session.commit()
    for batch in _batches(tools, transcript.segments):
        progress = min(99.0, 100.0 * batch[-1].end / seconds) if seconds else 0.0
        runs.write(tools, claim, progress=max(0.0, progress))
        db.session.add_all([_row(claim, heard, segment) for segment in batch])
        db.session.commit()
    return heard


def _measure(tools: Toolbox, claim: Claim, recording: Recording, path: Path) -> None:
    """What only decoding the whole file tells: its true length, its waveform, whether it is a call, damage."""
    runs.write(tools, claim, message="Reading the recording")
    db.session.commit()
    facts = measure.measure(path, max_seconds=tools.settings.max_audio_hours * 3600)
    runs.write(tools, claim, message=None)
    recording.seconds = facts.seconds
    recording.peaks = facts.peaks
    recording.is_dual_channel = facts.is_dual_channel
    recording.warnings = [*recording.warnings, *facts.warnings]
    db.session.commit()


def _tracks(tools: Toolbox, row: Transcription, path: Path) -> list[Track]:
    recording = row.recording
    # A provider hears the file itself: one paid job, whatever its channels.
    is_split = row.diarize and recording.is_dual_channel and tools.engines[row.engine].capabilities.runs_locally
    channels: list[int | None] = [0, 1] if is_split else [None]
    limit = tools.settings.max_audio_hours * 3600
    return [
        Track(
            Audio(path, recording.seconds, recording.channels, partial(convert.blocks, path, channel=channel, max_seconds=limit)),
            speaker=None if channel is None else f"Speaker {channel + 1}",
        )
        for channel in channels
    ]


def _labelled(segments: Iterable[Segment], speaker: str | None) -> Iterator[Segment]:
    for segment in segments:
        yield replace(segment, speaker=speaker, speaker_confidence=None)


def _batches(tools: Toolbox, segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """What came within half a second, together. An engine that yields slowly is written segment by segment."""
    batch: list[Segment] = []
    flushed = tools.clock.now()
    for segment in segments:
        if segment.text.strip():
            batch.append(segment)
        if batch and (tools.clock.now() - flushed).total_seconds() >= FLUSH_SECONDS:
            yield batch
            batch, flushed = [], tools.clock.now()
    if batch:
        yield batch


def _row(claim: Claim, heard: Heard, segment: Segment) -> SegmentRow:
    number = heard.count
    heard.count += 1
    heard.texts.append(segment.text.strip())
    heard.rated.append(replace(segment, text="", words=()))
    return SegmentRow(
        transcription_seq=claim.seq,
        n=number,
        start=segment.start,
        end=segment.end,
        text=segment.text.strip(),
        speaker_id=_speaker_id(claim, heard, segment.speaker),
        speaker_confidence=segment.speaker_confidence,
        confidence=segment.confidence,
        words=[[word.text, word.start, word.end, word.confidence] for word in segment.words],
    )


def _speaker_id(claim: Claim, heard: Heard, label: str | None) -> int | None:
    if not label:
        return None
    if label not in heard.speakers:
        speaker = Speaker(transcription_seq=claim.seq, label=label)
        db.session.add(speaker)
        db.session.flush()
        heard.speakers[label] = speaker.id
    return heard.speakers[label]
