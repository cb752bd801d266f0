"""Recordings whose sound and text are here are deleted at Twilio, where the operator wants that.

What can't be had anew goes last: only once a text was heard, nobody has thrown it away, and the sound lies in the storage. While
another engine still waits for the sound it stays, too.
"""

import logging

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from textor.adapters.telephony.twilio import Twilio
from textor.domain.job_states import DONE
from textor.errors import CallsError, NotFound, Unavailable
from textor.extensions import db
from textor.features.calls import listing, switches
from textor.job_queue import background
from textor.models import CallTranscript, Job, Recording, Transcription
from textor.toolbox import Toolbox

MOST_AT_ONCE = 200
"""In one round of the scheduler, which has more to do."""

log = logging.getLogger(__name__)


def delete_imported(tools: Toolbox) -> None:
    """Each once; where Twilio is away, in a later round. Called by the clock. Commits."""
    if tools.calls is None or not switches.is_deleting(tools):
        return
    due = _due()
    db.session.commit()  # no transaction stays open while Twilio is asked
    for sid, key in due.items():
        if _is_stored(tools, key) and not _delete(tools, tools.calls, sid):
            return


def _due() -> dict[str, str]:
    """Sids, each with where its sound is stored."""
    other = aliased(CallTranscript)
    is_awaited = exists().where(
        other.sid == CallTranscript.sid, other.transcription_seq.is_(None), Job.id == other.job_id, Job.state.in_(background.OPEN)
    )
    found = db.session.execute(
        select(CallTranscript.sid, Recording.storage_key)
        .join(Transcription, Transcription.seq == CallTranscript.transcription_seq)
        .join(Recording, Recording.id == Transcription.recording_id)
        .where(CallTranscript.sid.is_not(None), CallTranscript.deleted_there_at.is_(None), CallTranscript.error.is_(None))
        .where(Transcription.status.in_(DONE), Transcription.text != "", Transcription.deleted_at.is_(None), ~is_awaited)
        .order_by(CallTranscript.updated_at, CallTranscript.id)
        .limit(MOST_AT_ONCE)
    )
    return {sid: key for sid, key in found if sid}


def _is_stored(tools: Toolbox, key: str) -> bool:
    try:
        return tools.storage.size(key) > 0
    except (NotFound, Unavailable):
        log.warning("%s is not found in the storage: its recording stays at Twilio", key)
        return False


def _delete(tools: Toolbox, twilio: Twilio, sid: str) -> bool:
    """Whether the next one is worth a try."""
    try:
        twilio.delete(sid)
    except CallsError as error:
        log.warning("recording %s was not deleted at Twilio: %s", sid, error.message)
        return not error.retryable
    now = tools.clock.now()
    db.session.execute(update(CallTranscript).where(CallTranscript.sid == sid).values(deleted_there_at=now))
    db.session.commit()
    listing.forget_media(tools, sid)
    return True
