"""The steps of a run on this machine: measure the recording, give the engine its sound, write what it hears as it hears it."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from textor.adapters.audio import convert, measure, slicing
from textor.adapters.stt.port import Audio
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.features.transcription import checkpoints, planning
from textor.features.transcription.segments import Writer
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Recording, Slice, Transcription
from textor.toolbox import Toolbox

FLUSH_SECONDS = 0.5  # how often what was heard is committed: live enough to watch, rare enough to cost nothing


@dataclass(frozen=True, slots=True)
class Track:
    """What an engine hears at once: a slice of the recording, or one side of a call in it, which names its speaker."""

    audio: Audio
    speaker: str | None = None


@contextmanager
def opened(tools: Toolbox, claim: Claim, recording: Recording) -> Iterator[Path]:
    """The recording as a local file; the first run over it measures it. Raises InvalidInput where it is unusable."""
    with tools.storage.local_path(recording.storage_key) as path:
        if recording.peaks is None:
            _measure(tools, claim, recording, path)
        yield path


def tracks(tools: Toolbox, row: Transcription, one: Slice, path: Path) -> list[Track]:
    """What an engine on this machine hears of a slice: the two sides of a call apart, where speakers are asked for."""
    channels: list[int | None] = [0, 1] if row.diarize and row.recording.is_dual_channel else [None]
    limit = tools.settings.max_audio_hours * 3600
    found = []
    for channel in channels:
        if planning.is_whole(row.recording, one):
            blocks = partial(convert.blocks, path, channel=channel, max_seconds=limit)
        else:
            blocks = partial(slicing.blocks, path, one.start, one.end, channel=channel)
        speaker = None if channel is None else f"Speaker {channel + 1}"
        found.append(Track(Audio(path, one.end - one.start, row.recording.channels, blocks), speaker))
    return found


def merged(tracks: Sequence[Track], answers: Sequence[Transcript], begin: float) -> Transcript:
    """One transcript out of the tracks' own, in the recording's time and still lazily: a call is heard turn by turn."""
    spoken = [_labelled(answer.segments, track.speaker, begin) for track, answer in zip(tracks, answers, strict=True)]
    in_order = spoken[0] if len(spoken) == 1 else heapq.merge(*spoken, key=lambda segment: segment.start)
    return replace(answers[0], segments=in_order)


def write_live(tools: Toolbox, claim: Claim, writer: Writer, segments: Iterable[Segment], seconds: float) -> list[Segment]:
    """Store each segment as it is produced, in the transaction that proves the claim; returns them all."""
    heard: list[Segment] = []
    for batch in _batches(tools, segments):
        progress = min(99.0, 100.0 * batch[-1].end / seconds) if seconds else 0.0
        runs.write(tools, claim, progress=max(0.0, progress))
        writer.add(batch)
        db.session.commit()
        heard += batch
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


def _labelled(segments: Iterable[Segment], speaker: str | None, begin: float) -> Iterator[Segment]:
    for segment in segments:
        placed = checkpoints.moved(checkpoints.clean(segment), begin)
        yield replace(placed, speaker=speaker, speaker_confidence=None) if speaker else placed


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
