"""Thousands of people with recordings, written at once."""

import os
import uuid
import wave
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from tests.bench.queues.site import Site
from textor.domain.job_states import Status
from textor.extensions import db
from textor.models import Recording, Slice, Transcription, User

SECONDS = 15.0
RATE = 4_000
BATCH = 5_000
PENDING: Mapping[str, Any] = {"engine": "timed", "status": Status.PENDING}


def sound(folder: Path) -> Path:
    """A small recording."""
    path = folder / "recording.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(bytes(range(256)) * int(SECONDS * RATE / 256))
    return path


def people(site: Site, count: int) -> list[int]:
    """So many users more; their ids."""
    last = db.session.scalar(select(func.max(User.id))) or 0
    now = datetime.now(UTC)
    names = [f"person{last + n}" for n in range(1, count + 1)]
    _insert(
        User,
        [
            {"username": name, "username_key": name, "session_token": uuid.uuid4().hex, "role": "user", "created_at": now}
            for name in names
        ],
    )
    return list(db.session.scalars(select(User.id).where(User.id > last).order_by(User.id)))


def queue(site: Site, owners: Sequence[int], values: Mapping[str, Any] = PENDING, *, has_file: bool = True) -> list[int]:
    """A transcription for each of these owners (somebody named twice gets two), with a stored recording; their numbers."""
    last = db.session.scalar(select(func.max(Transcription.seq))) or 0
    recordings = [_recording(owner) for owner in owners]
    if has_file:
        _store(site, recordings)
    _insert(Recording, recordings)
    _insert(Transcription, [_transcription(one, {**PENDING, **values}) for one in recordings])
    return list(db.session.scalars(select(Transcription.seq).where(Transcription.seq > last).order_by(Transcription.seq)))


def with_shift(site: Site, owners: Sequence[int], due_at: datetime, **values: Any) -> list[int]:
    """Transcriptions that a worker has just handed over to the shift: one slice each."""
    now = datetime.now(UTC)
    states: dict[str, Any] = {
        "engine": "assemblyai",
        "lane": True,
        "status": Status.PROCESSING,
        "is_with_shift": True,
        "run_token": 1,
        "attempts": 1,
    }
    times = {"queued_at": now, "started_at": now, "heartbeat_at": now}
    seqs = queue(site, owners, states | times)
    facts = {"n": 0, "start": 0.0, "end": SECONDS, "engine": "assemblyai", "state": "waiting", "due_at": due_at} | values
    _insert(Slice, [{"transcription_seq": seq} | facts for seq in seqs])
    return seqs


def over(site: Site, owners: Sequence[int]) -> None:
    """Transcriptions that were finished long ago, their slices kept."""
    then = datetime.now(UTC) - timedelta(days=30)
    states = {"engine": "assemblyai", "status": Status.COMPLETED, "run_token": 1, "text": "Said."}
    times = {"finished_at": then, "started_at": then, "queued_at": then}
    seqs = queue(site, owners, states | times, has_file=False)
    facts = {"n": 0, "start": 0.0, "end": SECONDS, "engine": "assemblyai", "state": "completed", "due_at": None}
    _insert(Slice, [{"transcription_seq": seq} | facts for seq in seqs])


def _recording(owner: int) -> dict[str, Any]:
    recording_id = str(uuid.uuid4())
    return {
        "id": recording_id,
        "user_id": owner,
        "title": "A recording",
        "filename": "a recording.wav",
        "storage_key": f"recordings/{recording_id}",
        "sha256": "0" * 64,
        "size_bytes": 60_000,
        "media_type": "audio/wav",
        "container": "wav",
        "codec": "pcm_u8",
        "seconds": SECONDS,
        "sample_rate": RATE,
        "channels": 1,
        "peaks": b"\x00\xff",
        "created_at": datetime.now(UTC),
    }


def _transcription(recording: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    row = {"id": str(uuid.uuid4()), "user_id": recording["user_id"], "recording_id": recording["id"]}
    row |= {"created_at": now, "updated_at": now} | facts
    if row.pop("lane", False):
        row["active_for"] = recording["user_id"]
    return row


def _store(site: Site, recordings: Sequence[dict[str, Any]]) -> None:
    """One file under many names."""
    folder = site.settings.recordings_dir / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "one"
    if not file.exists():
        sound(folder).rename(file)
    for one in recordings:
        os.link(file, folder / one["id"])


def _insert(model: type, rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), BATCH):
        db.session.execute(insert(model), rows[begin : begin + BATCH])
    db.session.commit()
