"""Somebody's things, one of each kind that an address can name, with a word in them that nobody else may see."""

import uuid
from typing import Any

from sqlalchemy import select

from tests import factories
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import editing, sample, search_index
from textor.features.recordings.editing import Correction
from textor.models import (
    AnalyzerPrompt,
    AnalyzerTask,
    ApiKey,
    CallTranscript,
    ChatMessage,
    Conversation,
    Delivery,
    Job,
    SegmentRow,
    Speaker,
    Summary,
    Transcription,
    User,
)
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

SECRET = "pomegranate"
"""Stands in everything that is somebody's own."""


def of(tools: Toolbox, owner: User | None) -> dict[str, Any]:
    """The ids, by what addresses call them: a finished transcript with its sound, corrected once, what was made of it, a message
    about it, a key."""
    assert owner
    recording = factories.stored_recording(tools, owner, sample.FILE, title=f"About a {SECRET}")
    said = {"status": Status.COMPLETED, "text": f"one {SECRET}", "language": "en", "progress": 100.0}
    row = factories.transcription(owner, recording, **said)
    speaker = Speaker(transcription_seq=row.seq, label="A", name=SECRET)
    db.session.add(speaker)
    db.session.flush()
    text = {"transcription_seq": row.seq, "n": 0, "start": 0.0, "end": 1.0, "words": [], "speaker_id": speaker.id}
    delivery = Delivery(id=str(uuid.uuid4()), user_id=owner.id, event="transcription.completed", payload={"type": SECRET})
    delivery.url, delivery.created_at = f"https://{SECRET}.example/", factories.NOW
    retranslation = Job(id=str(uuid.uuid4()), user_id=owner.id, kind="retranslate", state=JobState.COMPLETED)
    retranslation.result = {"segment_id": 0, "text": SECRET, "confidence": None, "speaker": None, "model_used": "sphinx"}
    retranslation.created_at = retranslation.updated_at = factories.NOW
    db.session.add_all([SegmentRow(**text, text="one"), delivery, retranslation])
    summary = Summary(id=row.id, user_id=owner.id, transcription_seq=row.seq, model="textor-extractive", text=SECRET)
    summary.format, summary.max_words, summary.created_at = "paragraph", 500, factories.NOW
    summary.read = {"segments": 1, "of": 1, "seconds": 1.0, "parts": 1}
    db.session.add(summary)
    search_index.put([row.seq])
    db.session.commit()
    editing.correct(tools, owner.id, row.id, 0, Correction(text=f"one {SECRET}"), 0)
    key = db.session.scalars(select(ApiKey.id).where(ApiKey.user_id == owner.id)).first()
    ids = {"transcription_id": row.id, "recording_id": recording.id, "job_id": row.id, "delivery_id": delivery.id}
    ids |= {"retranslation_id": retranslation.id, "fetch_id": _call(owner, row)}
    return ids | {"key_id": key or 0} | _pictures(owner, row) | _chat(owner, row)


def _call(owner: User, row: Transcription) -> str:
    """The transcript as that of a recording which lay at an address."""
    times = {"created_at": factories.NOW, "updated_at": factories.NOW}
    found = CallTranscript(source=f"url:{owner.id}", engine="fake", user_id=owner.id, transcription_seq=row.seq, **times)
    found.job_id, found.audio_url, found.details = str(uuid.uuid4()), f"https://{SECRET}.example/talk.mp3", {}
    db.session.add(found)
    db.session.commit()
    return found.job_id


def _chat(owner: User, row: Transcription) -> dict[str, Any]:
    """A question about the transcript and its answer, and one that came as a request."""
    times = {"created_at": factories.NOW, "updated_at": factories.NOW}
    talk = Conversation(id=str(uuid.uuid4()), user_id=owner.id, transcription_seq=row.seq, title=SECRET, **times)
    job = Job(id=str(uuid.uuid4()), user_id=owner.id, kind="chat", state=JobState.COMPLETED, payload={"messages": []}, **times)
    read = {"segments": 1, "of": 1, "transcripts": 1}
    cited = {"start": 0.0, "end": 1.0, "text": SECRET, "ids": [0]}
    usage = {"prompt": 1, "completion": 1, "total": 2}
    job.result = {"content": SECRET, "model": "fake", "usage": usage, "citations": [cited], "read": read}
    db.session.add_all([talk, job])
    db.session.flush()
    for role in ("user", "assistant"):
        db.session.add(ChatMessage(conversation_id=talk.id, role=role, text=SECRET, citations=[cited], created_at=factories.NOW))
    db.session.commit()
    return {"chat_id": job.id}


def _pictures(owner: User, row: Transcription) -> dict[str, Any]:
    """An image-prompt task of the transcript, done, with a prompt."""
    made = {"created_at": factories.NOW, "updated_at": factories.NOW, "generator": "flux", "max_scenes": 1}
    task = AnalyzerTask(user_id=owner.id, name=SECRET, status="completed", transcription_seq=row.seq, task_text=SECRET, **made)
    db.session.add(task)
    db.session.flush()
    prompt = AnalyzerPrompt(task_id=task.id, place=0, content=f"a {SECRET}", start=0.0, end=1.0, quote=SECRET)
    db.session.add(prompt)
    db.session.commit()
    return {"task_id": task.id, "prompt_id": prompt.id}
