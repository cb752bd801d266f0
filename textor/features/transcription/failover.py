"""Which engine goes on where one can't be reached or refuses: FAILOVER_ENGINES, in order, noted in the transcript."""

from typing import Any

from textor.errors import EngineError, InvalidInput
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.transcription import engines
from textor.job_queue import breakers, runs
from textor.job_queue.claims import Claim
from textor.models import Transcription
from textor.toolbox import Toolbox

NOTES = "failover"
"""Where a transcription's details tell which engine went on for which."""

PATIENCE = 2
"""Failed tries, where trying again can help, before another engine is asked."""


def switch(tools: Toolbox, claim: Claim, error: EngineError, attempts: int = PATIENCE, but: int | None = None) -> bool:
    """Begin the transcription anew with the next engine; False where there is none, or the first has heard or is hearing some of
    it (in any slice `but` for the one that failed): that would be paid twice. Raises Fenced."""
    if error.is_ours or (error.retryable and attempts < PATIENCE and not breakers.is_open(tools, claim.engine)):
        return False
    row = db.session.get_one(Transcription, claim.seq)
    following = _next(tools, row)
    if following is None:
        return False
    note = {"from": row.engine, "to": following, "reason": error.message}
    return runs.switch(tools, claim, following, {**row.details, NOTES: [*_notes(row), note]}, but)


def reason(seq: int, error: str) -> str:
    """Why a transcription failed where `error` is the last engine's: the first engine's stands."""
    notes = _notes(db.session.get_one(Transcription, seq))
    return notes[0]["reason"] if notes else error


def _next(tools: Toolbox, row: Transcription) -> str | None:
    tried = {row.engine, *(note["from"] for note in _notes(row))}
    return next((name for name in tools.settings.failover_engines if name not in tried and _can(tools, name, row)), None)


def _notes(row: Transcription) -> list[dict[str, str]]:
    notes: Any = row.details.get(NOTES, [])
    return list(notes)


def _can(tools: Toolbox, name: str, row: Transcription) -> bool:
    known = tools.engines.get(name)
    if known is None or not known.availability().ready:
        return False
    try:
        engines.check_choice(tools, name, language=row.requested_language, diarize=row.diarize, hints=engines.hints_of(row))
    except InvalidInput:
        return False
    return spending.allows(tools, row, name)
