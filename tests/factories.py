"""Rows for tests: the standing cast and what is theirs."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textor.extensions import db
from textor.features.recordings import search_index
from textor.models import Recording, SegmentRow, Transcription, User
from textor.models.users import Role
from textor.toolbox import Toolbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def user(name: str, role: Role = Role.USER) -> User:
    """Alice owns, Bob is another user, Gina a guest, Ada the admin."""
    row = User(
        username=name,
        username_key=name.casefold(),
        email=f"{name.casefold()}@textor.example",
        email_key=f"{name.casefold()}@textor.example",
        session_token=uuid.uuid4().hex,
        role=role,
        created_at=NOW,
    )
    db.session.add(row)
    db.session.commit()
    return row


def recording(owner: User, **values: Any) -> Recording:
    """A recording without a file."""
    recording_id = str(uuid.uuid4())
    facts: dict[str, Any] = {
        "id": recording_id,
        "title": "A recording",
        "filename": "a recording.wav",
        "storage_key": f"recordings/{recording_id}",
        "sha256": "0" * 64,
        "size_bytes": 100,
        "media_type": "audio/wav",
        "container": "wav",
        "codec": "pcm_s16le",
        "seconds": 2.0,
        "sample_rate": 16_000,
        "channels": 1,
        "peaks": b"\x00\xff",
        "created_at": NOW,
    }
    row = Recording(user_id=owner.id, **(facts | values))
    db.session.add(row)
    db.session.commit()
    return row


def stored_recording(tools: Toolbox, owner: User, source: Path, **values: Any) -> Recording:
    """A recording with a file, not measured yet."""
    row = recording(owner, peaks=None, size_bytes=source.stat().st_size, **values)
    copy = tools.settings.incoming_dir / row.id
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(source.read_bytes())
    tools.storage.put(row.storage_key, copy)
    return row


def transcription(owner: User, of: Recording | None = None, **values: Any) -> Transcription:
    """A pending transcription by the fake engine."""
    of = of or recording(owner)
    facts: dict[str, Any] = {"engine": "fake", "created_at": NOW, "updated_at": NOW}
    row = Transcription(id=str(uuid.uuid4()), user_id=owner.id, recording_id=of.id, **(facts | values))
    db.session.add(row)
    db.session.commit()
    return row


def spoken(row: Transcription, *lines: str) -> Transcription:
    """Give it these segments of two seconds each, and its words their place in the index."""
    values = {"transcription_seq": row.seq, "words": []}
    db.session.add_all(SegmentRow(n=n, start=2.0 * n, end=2.0 * n + 2, text=line, **values) for n, line in enumerate(lines))
    search_index.put([row.seq])
    db.session.commit()
    return row
