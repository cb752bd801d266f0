"""What most apps do, to compare with: one queue for all, a job that begins, waits and ends in the worker that took it."""

import os
import time
from datetime import UTC, datetime

from sqlalchemy import insert, update

from textor import bootstrap
from textor.adapters.stt.port import Audio, Engine, Options, Progress, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.extensions import db
from textor.models import SegmentRow, Transcription

POLL_SECONDS = 3


def hear(seq: int) -> None:
    """A transcription on this machine."""
    _set(seq, status=Status.PROCESSING, active_for=Transcription.user_id, started_at=datetime.now(UTC))
    answer = _engine("timed").start(_audio(seq), Options())
    assert isinstance(answer, Transcript)
    _keep(seq, answer)


def wait(seq: int) -> None:
    """A transcription at a provider: ordered, then looked at until it is done."""
    _set(seq, status=Status.PROCESSING, active_for=Transcription.user_id, started_at=datetime.now(UTC))
    engine = _engine("assemblyai")
    answer = engine.start(_audio(seq), Options())
    assert isinstance(answer, RemoteJob)
    while isinstance(found := engine.check(answer, Options()), Progress):
        time.sleep(float(os.environ.get("BENCH_POLL_SECONDS", POLL_SECONDS)))
    _keep(seq, found)


def _engine(name: str) -> Engine:
    return bootstrap.tools().engines[name]


def _audio(seq: int) -> Audio:
    row = db.session.get_one(Transcription, seq)
    tools, recording = bootstrap.tools(), row.recording
    db.session.commit()
    with tools.storage.local_path(recording.storage_key) as path:
        return Audio(path, recording.seconds, 1, lambda: iter(()))


def _set(seq: int, **values: object) -> None:
    db.session.execute(update(Transcription).where(Transcription.seq == seq).values(values))
    db.session.commit()


def _keep(seq: int, heard: Transcript) -> None:
    spoken = list(heard.segments)
    rows = [
        {
            "transcription_seq": seq,
            "n": n,
            "start": one.start,
            "end": one.end,
            "text": one.text,
            "words": [[word.text, word.start, word.end, word.confidence] for word in one.words],
        }
        for n, one in enumerate(spoken)
    ]
    db.session.execute(insert(SegmentRow), rows)
    text = "\n".join(one.text for one in spoken)
    _set(seq, status=Status.COMPLETED, active_for=None, finished_at=datetime.now(UTC), text=text)
