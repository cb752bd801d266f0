"""AssemblyAI's jobs and the answers that tell of them, in the shapes of its OpenAPI document."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.emulators import speech
from tests.emulators.speech import Spoken

GONE_URL, GONE_TEXT = "http://deleted_by_user", "Deleted by user."
QUEUED_SHARE = 0.2

BLANK: dict[str, Any] = {
    "language_model": "assemblyai_default",
    "acoustic_model": "assemblyai_default",
    "speech_model": None,
    "auto_highlights": False,
    "redact_pii": False,
    "summarization": False,
    "language_confidence_threshold": None,
    "language_confidence": None,
    "text": None,
    "words": None,
    "utterances": None,
    "confidence": None,
    "audio_duration": None,
    "throttled": None,
}


@dataclass
class Upload:
    """Bytes that came, and what is said in them."""

    sha256: str
    seconds: float
    words: Sequence[Spoken]


@dataclass
class Job:
    """One transcript. It is queued from `began`, then processing, and over at `ends` (time.monotonic)."""

    id: str
    upload: Upload
    audio_url: str
    asked: Mapping[str, Any]
    began: float
    ends: float
    created: datetime
    error: str | None = None
    is_deleted: bool = False
    webhook_status: int | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    """Set in the server's loop when somebody ends the job before its time."""

    @property
    def status(self) -> str:
        now = time.monotonic()
        if now < self.began + (self.ends - self.began) * QUEUED_SHARE:
            return "queued"
        if now < self.ends:
            return "processing"
        return "completed" if self.error is None else "error"

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends


def view(job: Job, extra: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in job.asked.items() if name != "webhook_auth_header_value"}
    answer = {**BLANK, **asked, "id": job.id, "status": job.status, "audio_url": job.audio_url}
    answer["webhook_auth"] = bool(job.asked.get("webhook_auth_header_name"))
    answer["webhook_status_code"] = job.webhook_status
    if answer["status"] == "error":
        answer["error"] = job.error
    elif answer["status"] == "completed":
        answer.update(_heard(job), **extra)
    if job.is_deleted:
        answer.update(text=GONE_TEXT, audio_url=GONE_URL, words=None, utterances=None)
    return answer


def item(job: Job, address: str) -> dict[str, Any]:
    return {
        "id": job.id,
        "resource_url": f"{address}/{job.id}",
        "status": job.status,
        "created": job.created.isoformat(timespec="microseconds"),
        "completed": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") if job.is_over else None,
        "audio_url": GONE_URL if job.is_deleted else job.audio_url,
        "error": job.error if job.is_over else None,
    }


def _heard(job: Job) -> dict[str, Any]:
    asked, upload = job.asked, job.upload
    heard = speech.as_words(upload.words)
    turns = speech.turns(heard, channels=bool(asked.get("multichannel")), speakers=bool(asked.get("speaker_labels")))
    detects = bool(asked.get("language_detection"))
    return {
        "text": " ".join(word["text"] for word in heard),
        "words": [word for turn in turns for word in turn["words"]] if turns else heard,
        "utterances": turns,
        "confidence": 0.95 if heard else 0.0,
        "audio_duration": round(upload.seconds),
        "language_code": asked.get("language_code") or "en",
        "language_confidence": 0.98 if detects else None,
        "speech_model_used": asked["speech_models"][0],
    }
