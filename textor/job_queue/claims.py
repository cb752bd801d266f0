"""A claim: the right of one run to work on a transcription, and the statements that prove it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Delete, Update, case, update

from textor.domain.job_states import Status
from textor.extensions import db
from textor.models import Transcription
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one run to work on a transcription. Worth nothing once the row's token has moved on."""

    seq: int
    id: str
    user_id: int
    token: int
    engine: str

    @property
    def owner(self) -> str:
        """As it stands in the lane's lock."""
        return f"{self.id}:{self.token}"

    @property
    def ticket_id(self) -> str:
        return f"t-{self.id}-{self.token}"


def mine(claim: Claim) -> Update:
    """An update of the row that works only while `claim` holds it."""
    return update(Transcription).where(
        Transcription.seq == claim.seq, Transcription.run_token == claim.token, Transcription.status == Status.PROCESSING
    )


def change(statement: Update | Delete) -> bool:
    """Run it; True if it changed the one row it was about."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def waiting_again(tools: Toolbox) -> dict[str, Any]:
    """The values of a row that goes back into its lane; whoever held it is fenced off."""
    return {
        "status": Status.PENDING,
        "active_for": None,
        "run_token": Transcription.run_token + 1,
        "progress": 0.0,
        "message": None,
        "is_with_shift": False,
        "started_at": None,
        "updated_at": tools.clock.now(),
    }


def unless_readable(status: Status) -> ColumnElement[str]:
    """What a row that didn't come to its end becomes: `status`, but one with a text to read, from an earlier run, keeps it."""
    return case((Transcription.text.is_not(None), Status.PARTIAL), else_=status)
