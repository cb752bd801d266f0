"""Who has called the API, what for, and what it has cost: the operator's log."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime


class ApiCall(Model):
    """One call that created work, or wanted to. It outlives the key it was made with; no content is kept."""

    __tablename__ = "api_calls"
    __table_args__ = (Index(None, "at"), Index(None, "user_id", "at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """None: nobody who is known."""
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"), index=True)
    via: Mapped[str] = mapped_column(String(16))
    """How they proved who they are: key, token, session, guest, nothing."""
    call: Mapped[str] = mapped_column(String(160))
    """Method and path as the OpenAPI document has them, without ids and queries."""
    status: Mapped[int]
    milliseconds: Mapped[int]
    subject: Mapped[str | None] = mapped_column(String(64))
    """The id of what came of it: a transcription, a summary, a recording's sid."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
