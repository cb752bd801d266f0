"""Into which slices a recording is divided, and the sound made ready for those that need a file of their own."""

import math
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select, update

from textor.adapters.audio import convert, encoding, silence, slicing
from textor.adapters.audio.silence import Cut
from textor.adapters.stt.port import Capabilities, Engine
from textor.extensions import db
from textor.features.transcription import answering, fitting, recutting
from textor.features.transcription.fitting import Form, Sound
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Recording, Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

ONE_SLICE_FACTOR = 1.5  # a little longer than a slice is one slice still
QUIETEST_PEAK = 1  # of 255: 48 dB below the loudest moment
AIR_SECONDS = 0.5
SHARED_SECONDS = 30.0
MOST_SHARED = 0.25  # of a slice


def plan(tools: Toolbox, claim: Claim, engine: Engine, path: Path) -> list[Slice]:
    """The slices of a transcription in order, made now unless an earlier run has made them. Raises Fenced."""
    known = slices_of(claim.seq)
    if known:
        return slices_of(claim.seq) if recutting.recut(tools, claim, path, known) else known
    row = db.session.get_one(Transcription, claim.seq)
    can = _can_in_time(tools, engine, row)
    channels: list[int | None] = [0, 1] if _is_split(can, row) else [None]
    pairs = [(cut, channel) for cut in _cuts(tools, can, row, path) for channel in channels]
    runs.write(tools, claim)
    db.session.add_all(
        Slice(
            transcription_seq=claim.seq,
            n=n,
            channel=channel,
            start=cut.start,
            end=cut.end,
            overlap=cut.overlap,
            engine=engine.name,
        )
        for n, (cut, channel) in enumerate(pairs)
    )
    db.session.commit()
    return slices_of(claim.seq)


def make_ready(tools: Toolbox, claim: Claim, engine: Engine, path: Path) -> None:
    """Write and store the sound of each slice for which the engine can't have the recording itself; each is due as soon as it is
    stored."""
    row = db.session.get_one(Transcription, claim.seq)
    can = engine.can(row.model)
    is_taken = fitting.is_taken(can, Sound.of(row.recording))
    for one in slices_of(claim.seq):
        is_ready = one.storage_key is not None or (is_taken and is_whole(row.recording, one))
        if one.state == SliceState.WAITING and not is_ready:
            _store(tools, claim, one, path, fitting.form(can, one.end - one.start))


def slices_of(seq: int) -> list[Slice]:
    """All slices of a transcription, in order."""
    return list(db.session.scalars(select(Slice).where(Slice.transcription_seq == seq).order_by(Slice.n)))


def is_whole(recording: Recording, one: Slice) -> bool:
    """Whether the slice is the recording from end to end, with all its channels."""
    return one.channel is None and one.start == 0 and one.end >= recording.seconds


def _store(tools: Toolbox, claim: Claim, one: Slice, path: Path, form: Form) -> None:
    key = f"slices/{uuid.uuid4()}.{form.ending}"
    with tempfile.TemporaryDirectory(dir=_workshop(tools)) as folder:
        file = Path(folder) / f"slice.{form.ending}"
        encoding.write(slicing.blocks(path, one.start, one.end, channel=one.channel), file, codec=form.codec)
        tools.storage.put(key, file)
    runs.write(tools, claim)
    values = {"storage_key": key, "due_at": tools.clock.now()}
    db.session.execute(update(Slice).where(Slice.id == one.id, Slice.state == SliceState.WAITING).values(values))
    db.session.commit()


def _workshop(tools: Toolbox) -> Path:
    folder = tools.settings.incoming_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _cuts(tools: Toolbox, can: Capabilities, row: Transcription, path: Path) -> list[Cut]:
    """On this machine a slice is a checkpoint and a turn; a provider gets all at once, as far as it takes it."""
    sound, one_slice_factor = Sound.of(row.recording), 1.0
    if can.runs_locally and can.segment_times:
        longest, one_slice_factor = tools.settings.slice_minutes * 60.0, ONE_SLICE_FACTOR
    elif fitting.is_taken(can, sound) and not _is_split(can, row):
        longest = sound.seconds
    else:
        longest = fitting.longest_seconds(can, sound)
    if sound.seconds <= longest * one_slice_factor:
        return [Cut(0.0, sound.seconds, 0.0)]
    shared = _shared_seconds(can, row, longest)
    found = silence.cuts(convert.blocks(path), longest - shared)
    return _acquainted(found, shared) if can.segment_times else _trimmed(found, row.recording)


def _shared_seconds(can: Capabilities, row: Transcription, longest: float) -> float:
    """How much two slices have in common beside what their border needs: an engine names speakers anew in each, and by those who
    talk in both it is known who is who. The sides of a call are the same speakers everywhere."""
    is_told_apart = row.diarize and can.speakers and not can.runs_locally and not row.recording.is_dual_channel
    return min(SHARED_SECONDS, longest * MOST_SHARED) if is_told_apart else 0.0


def _acquainted(cuts: list[Cut], shared: float) -> list[Cut]:
    """Each but the first hears the last seconds of the one before, too."""
    return cuts[:1] + [replace(cut, start=cut.start - shared, overlap=cut.overlap + shared) for cut in cuts[1:]]


def _can_in_time(tools: Toolbox, engine: Engine, row: Transcription) -> Capabilities:
    """What the engine can, with no more sound at once than it answers to while a stop waits."""
    can, recording = engine.can(row.model), row.recording
    if can.runs_locally or not engine.answers_at_once:
        return can
    longest = answering.longest_seconds(tools, engine.name, row.model)
    if recording.seconds <= longest * ONE_SLICE_FACTOR:
        return can
    return replace(can, max_seconds=min(longest, can.max_seconds or longest))


def _trimmed(cuts: list[Cut], recording: Recording) -> list[Cut]:
    """Without the silence around what is said: the times of such a slice are all that will be known of its words."""
    overlaps = [cut.overlap for cut in cuts[1:]] + [0.0]
    return [_without_silence(cut, recording, overlap) for cut, overlap in zip(cuts, overlaps, strict=True)]


def _without_silence(cut: Cut, recording: Recording, next_overlap: float) -> Cut:
    peaks = recording.peaks or b""
    width = recording.seconds / max(1, len(peaks))
    places = range(int(cut.start / width), min(len(peaks), math.ceil(cut.end / width)))
    loud = [n for n in places if peaks[n] > QUIETEST_PEAK]
    if not loud:
        return cut
    start = cut.start if cut.overlap else max(cut.start, loud[0] * width - AIR_SECONDS)
    end = cut.end if next_overlap else min(cut.end, (loud[-1] + 1) * width + AIR_SECONDS)
    return replace(cut, start=start, end=end)


def _is_split(can: Capabilities, row: Transcription) -> bool:
    """A call goes as two jobs to a provider that can't tell its channels apart, or can't have it as it is; on this machine both
    are heard turn by turn."""
    if can.runs_locally or not row.diarize or not row.recording.is_dual_channel:
        return False
    return not can.channels or not fitting.is_taken(can, Sound.of(row.recording))
