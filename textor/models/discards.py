"""What providers still hold and nobody needs any more."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime


class Discard(Model):
    """A job at a provider that is to be deleted there. Bound to no transcription: it outlives the one it belonged to.

    The row goes once the provider has confirmed; until then it is tried again at `due_at`.
    """

    __tablename__ = "discards"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    engine: Mapped[str] = mapped_column(String(32))
    remote_id: Mapped[str] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
