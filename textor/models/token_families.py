"""Logins by token: a refresh token and all that came of it by rotation."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, UtcDateTime


class TokenFamily(Model):
    """One login. Only the refresh token `current` is good; an older one that comes back has been stolen, and ends the family.
    Kept in the database, so that a flushed Redis forgets no logout."""

    __tablename__ = "token_families"

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    current: Mapped[str] = mapped_column(String(UUID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
