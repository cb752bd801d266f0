"""Into which slices a recording is divided, and the sound made ready for those that need a file of their own."""

import math
import tempfile
import uuid
from pathlib import Path

from sqlalchemy import select, update

from textor.adapters.audio import convert, encoding, silence, slicing
from textor.adapters.audio.silence import Cut
from textor.adapters.stt.port import Engine
from textor.extensions import db
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Recording, Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

CODEC = "flac"
BYTES_PER_SECOND = 33_000  # 16 kHz mono FLAC at its worst: noise
ONE_SLICE_FACTOR = 1.5  # a little longer than a slice is one slice still


def plan(tools: Toolbox, claim: Claim, engine: Engine, path: Path) -> list[Slice]:
    """The slices of a transcription in order, made now unless an earlier run has made them. Raises Fenced."""
    known = slices_of(claim.seq)
    if known:
        return known
    row = db.session.get_one(Transcription, claim.seq)
    channels: list[int | None] = [0, 1] if _is_split(engine, row) else [None]
    pairs = [(cut, channel) for cut in _cuts(tools, engine, row.recording, path) for channel in channels]
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
    """Cut out and store the sound of each slice that isn't simply the recording; each is due as soon as it is stored."""
    recording = db.session.get_one(Transcription, claim.seq).recording
    for one in slices_of(claim.seq):
        if one.state == SliceState.WAITING and one.storage_key is None and _needs_file(engine, recording, one):
            _store(tools, claim, one, path)


def slices_of(seq: int) -> list[Slice]:
    """All slices of a transcription, in order."""
    return list(db.session.scalars(select(Slice).where(Slice.transcription_seq == seq).order_by(Slice.n)))


def is_whole(recording: Recording, one: Slice) -> bool:
    """Whether the slice is the recording from end to end, with all its channels."""
    return one.channel is None and one.start == 0 and one.end >= recording.seconds


def _store(tools: Toolbox, claim: Claim, one: Slice, path: Path) -> None:
    key = f"slices/{uuid.uuid4()}.{CODEC}"
    with tempfile.TemporaryDirectory(dir=_workshop(tools)) as folder:
        file = Path(folder) / f"slice.{CODEC}"
        encoding.write(slicing.blocks(path, one.start, one.end, channel=one.channel), file, codec=CODEC)
        tools.storage.put(key, file)
    runs.write(tools, claim)
    values = {"storage_key": key, "due_at": tools.clock.now()}
    db.session.execute(update(Slice).where(Slice.id == one.id, Slice.state == SliceState.WAITING).values(values))
    db.session.commit()


def _workshop(tools: Toolbox) -> Path:
    folder = tools.settings.incoming_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _cuts(tools: Toolbox, engine: Engine, recording: Recording, path: Path) -> list[Cut]:
    longest = _longest(tools, engine, recording)
    if recording.seconds <= longest * (ONE_SLICE_FACTOR if engine.capabilities.runs_locally else 1):
        return [Cut(0.0, recording.seconds, 0.0)]
    return silence.cuts(convert.blocks(path), longest)


def _longest(tools: Toolbox, engine: Engine, recording: Recording) -> float:
    """Seconds. On this machine a slice is a checkpoint and a turn; a provider gets all at once, as far as it takes it."""
    can = engine.capabilities
    if can.runs_locally:
        return tools.settings.slice_minutes * 60
    by_bytes = can.max_bytes / BYTES_PER_SECOND if can.max_bytes and recording.size_bytes > can.max_bytes else math.inf
    return min(can.max_seconds or math.inf, by_bytes)


def _needs_file(engine: Engine, recording: Recording, one: Slice) -> bool:
    if engine.capabilities.runs_locally:
        return False
    limit = engine.capabilities.max_bytes
    return not is_whole(recording, one) or (limit is not None and recording.size_bytes > limit)


def _is_split(engine: Engine, row: Transcription) -> bool:
    """A call goes to a provider that can't tell channels apart as two jobs; on this machine they are heard turn by turn."""
    can = engine.capabilities
    return row.diarize and row.recording.is_dual_channel and not can.channels and not can.runs_locally
