"""People. Guests, and the setting API_KEY, have the same kind of row."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime, in_words

BOOTSTRAP_KEY = "@api_key"
"""The `username_key` of the account that the setting API_KEY stands for: nobody can choose a name with an @."""


class Role(StrEnum):
    """What a user may do: an admin sees the instance, a guest only what they just uploaded."""

    USER = "user"
    ADMIN = "admin"
    GUEST = "guest"


class User(Model):
    """An account. `username_key` and `email_key` are the case-folded forms that must be unique."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(in_words("role", Role), name="role_known"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(150))
    username_key: Mapped[str] = mapped_column(String(150), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    session_token: Mapped[str] = mapped_column(String(64), unique=True)
    """What a login cookie carries instead of the id: a new one logs every device out."""
    role: Mapped[str] = mapped_column(String(16), default=Role.USER)
    ui_language: Mapped[str | None] = mapped_column(String(8))
    speech_language: Mapped[str | None] = mapped_column(String(16))
    """The language chosen for the last upload, offered again; empty text means: detect."""
    engine: Mapped[str | None] = mapped_column(String(32))
    model: Mapped[str | None] = mapped_column(String(64))
    monthly_budget: Mapped[float | None] = mapped_column(Float(53))
    """US dollars; None: what the setting allows everybody."""
    quota: Mapped[str | None] = mapped_column(String(100))
    """How much work programs may create for them ("25/day"); None: what the setting allows everybody."""
    webhook_url: Mapped[str | None] = mapped_column(String(2048))
    """Where their own server is told of everything that is finished; None: only where a request names an address."""
    webhook_secret: Mapped[str | None] = mapped_column(String(100))
    """What those messages are signed with; made when it is first needed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN
