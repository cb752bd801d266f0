"""A person's hand on a transcription: cancel, try again."""

from textor.domain.job_states import OPEN
from textor.errors import WrongState
from textor.features.accounts import minutes, spending
from textor.features.recordings import library
from textor.features.transcription import engines
from textor.job_queue import lanes
from textor.toolbox import Toolbox


def cancel(tools: Toolbox, user_id: int, transcription_id: str) -> None:
    """Stop it wherever it is. Raises NotFound, or WrongState when it is over already."""
    library.find(user_id, transcription_id)
    if not lanes.cancel(tools, transcription_id):
        raise WrongState("This transcription is over already, there is nothing to cancel.")


def retry(tools: Toolbox, user_id: int, transcription_id: str, engine: str | None = None, model: str | None = None) -> None:
    """Transcribe the same recording again, with another engine or model if one is named; with the same, what was heard is kept
    and only what is missing is asked for. Raises NotFound, WrongState, InvalidInput, OverBudget."""
    row = library.find(user_id, transcription_id)
    if row.status in OPEN:
        raise WrongState("This transcription is still waiting or running. Cancel it first.")
    changes: dict[str, str | None] = {}
    if engine and (engine != row.engine or (model and model != engines.model_heard_with(tools, engine, row.model))):
        hints = engines.hints_of(row)
        engines.check_choice(tools, engine, model, row.requested_language, diarize=row.diarize, hints=hints)
        changes = {"engine": engine, "model": model}
    seconds = row.recording.seconds if changes else spending.seconds_left(row)
    minutes.check(tools, user_id, seconds)
    spending.check(tools, user_id, changes.get("engine") or row.engine, changes.get("model", row.model), seconds)
    if not lanes.requeue(tools, transcription_id, **changes):
        raise WrongState("This transcription is still waiting or running. Cancel it first.")
