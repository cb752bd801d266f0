"""What Twilio announces: a recording is finished. Signed, or it says nothing; the same message twice changes nothing."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from textor.domain import calls
from textor.errors import TextorError
from textor.extensions import db
from textor.features.calls import switches, transcripts
from textor.features.calls.transcripts import Source
from textor.features.transcription import engines
from textor.features.transcription.naming import Chosen
from textor.models import CallTranscript, User
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

COMPLETED = "completed"


def is_signed(tools: Toolbox, url: str, form: Any, headers: Mapping[str, str]) -> bool:
    """Whether Twilio has sent this form to that address."""
    return tools.calls is not None and tools.calls.is_signed(url, form, headers)


def announced(tools: Toolbox, told: Mapping[str, str]) -> int | None:
    """Import a finished recording for TWILIO_IMPORT_USER, once; the number of its transcript, None where there is nothing to do.

    One that was imported already is left as it is, also where it has failed or was deleted since: a message may come late.
    Nothing in it is believed but the sid: what that names is asked for at Twilio.
    """
    sid = told.get("RecordingSid", "")
    is_ours = tools.calls is not None and told.get("AccountSid") == tools.calls.account_sid
    if not is_ours or told.get("RecordingStatus") != COMPLETED or not calls.is_sid(sid):
        return None
    user_id = _importer(tools) if switches.is_on(switches.IMPORT) else None
    if user_id is None or db.session.scalar(select(CallTranscript.id).where(CallTranscript.sid == sid).limit(1)):
        return None
    try:
        return transcripts.begin(tools, user_id, Source(sid=sid), Chosen(engines.default(tools))).id
    except TextorError as error:
        log.warning("recording %s could not be imported: %s", sid, error.message)
        return None


def _importer(tools: Toolbox) -> int | None:
    name = tools.settings.twilio_import_user.casefold()
    if not name:
        return None
    found = db.session.scalar(select(User.id).where(User.username_key == name))
    if found is None:
        log.warning("TWILIO_IMPORT_USER names nobody who has an account here: no call is imported")
    return found
