"""What was spent: each piece of sound that an engine was paid to hear."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime


class Charge(Model):
    """One piece of sound that an engine has heard for a user, and its price. It outlives its transcription: the money is gone."""

    __tablename__ = "charges"
    __table_args__ = (Index(None, "user_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="SET NULL"), index=True)
    engine: Mapped[str] = mapped_column(String(32))
    model: Mapped[str | None] = mapped_column(String(64))
    seconds: Mapped[float] = mapped_column(Float(53))
    usd: Mapped[float | None] = mapped_column(Float(53))
    """None: nobody knows what this engine charges."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
