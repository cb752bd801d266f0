"""A stage for stretches heard anew: an ear that keeps what it hears, a provider at a cent a second, a transcript of Alice's."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from tests import factories
from tests.fakes import FakeEngine, FakeRemoteEngine, prompt_engine, remote_engine
from textor.adapters.stt.port import Audio, Options, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.features.recordings import intake, sample
from textor.features.transcription import rehearing, retranslate
from textor.features.transcription.retranslate import Begun, Wish
from textor.models import Charge, Job, SegmentRow, Speaker, Transcription, User
from textor.toolbox import Toolbox

WISH = Wish("7", 0.5, 1.25)
SECONDS = 3.0
"""Of the sample, as its header says; tests stay within."""


@dataclass
class Ear(FakeEngine):
    """Keeps what it was given."""

    sounds: list[Any] = field(default_factory=list)

    name = "ear"

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self.sounds.append(np.concatenate(list(audio.blocks())))
        return super().start(audio, options)


@pytest.fixture
def ear() -> Ear:
    return Ear(segments=(Segment(0.0, 1.0, " سلام ", confidence=0.5), Segment(1.0, 2.0, "world\x00", confidence=0.7)))


@pytest.fixture
def paid() -> FakeRemoteEngine:
    """A provider that takes jobs on: a cent a second."""
    return remote_engine("paid", usd_per_hour=36.0)


@pytest.fixture
def tools(tools: Toolbox, ear: Ear, paid: FakeRemoteEngine) -> Toolbox:
    prompt = prompt_engine(runs_locally=False, formats=frozenset({"mp3"}), max_seconds=30.0)
    settings = replace(tools.settings, default_engine="ear")
    return replace(tools, settings=settings, engines={**tools.engines, "ear": ear, "paid": paid, "prompt": prompt})


@pytest.fixture
def row(tools: Toolbox, alice: User) -> Transcription:
    """Alice's finished transcript: two speakers, two seconds each."""
    recording = factories.stored_recording(tools, alice, sample.FILE, seconds=SECONDS)
    row = factories.transcription(alice, recording, status=Status.COMPLETED, text="one two")
    speakers = [Speaker(transcription_seq=row.seq, label=label, name=name) for label, name in (("A", "Ann"), ("B", None))]
    db.session.add_all(speakers)
    db.session.flush()
    places = ((0, 0.0, 1.0, speakers[0].id), (1, 1.0, 3.0, speakers[1].id))
    values = {"transcription_seq": row.seq, "words": [], "text": "word"}
    db.session.add_all(SegmentRow(n=n, start=start, end=end, speaker_id=who, **values) for n, start, end, who in places)
    db.session.commit()
    return row


def of_transcript(tools: Toolbox, row: Transcription, start: float | None = 0.5, end: float | None = 1.25, **wish: Any) -> Begun:
    return retranslate.of_transcript(tools, row.user_id, row.id, Wish("7", start, end, **wish))


def of_file(tools: Toolbox, owner: User, wish: Wish = WISH) -> Begun:
    with intake.spool(tools) as spool:
        spool.write(sample.FILE.read_bytes())
        return retranslate.of_file(tools, owner.id, spool, wish)


def job(begun: Begun) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, begun.job_id, populate_existing=True)


def turn(tools: Toolbox, begun: Begun) -> Job:
    """A worker takes its ticket."""
    rehearing.HANDLER[0](tools, begun.job_id, job(begun).run_token)
    return job(begun)


def stored(tools: Toolbox) -> int:
    return len(list(tools.storage.files("slices/")))


def charges() -> list[tuple[Any, ...]]:
    columns = (Charge.transcription_seq, Charge.engine, Charge.seconds, Charge.usd)
    return [tuple(one) for one in db.session.execute(select(*columns))]
