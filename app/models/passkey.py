"""Passkeys (WebAuthn): keys that live in somebody's phone, computer or security key, and open an account without its password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class Passkey(HasId, Base):
    """One credential of one account. Only its public half is here, so nothing in this table opens anything."""

    __tablename__ = "passkeys"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1_400), unique=True)
    """Base64url, as it travels; chosen by the authenticator."""
    public_key: Mapped[str] = mapped_column(Text)
    """COSE, in base64url."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """What the authenticator counted last; those that keep a passkey on several devices always say 0."""
    transports: Mapped[list[str]] = mapped_column(JSON)
    """How it can be reached, so that a browser asks the right device."""
    name: Mapped[str | None] = mapped_column(String(100))
    """As its owner calls it."""
    backup_eligible: Mapped[bool]
    """Whether it may be kept on several devices; it never changes."""
    backed_up: Mapped[bool]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class SpentChallenge(Base):
    """A challenge that was answered, until it would have expired."""

    __tablename__ = "spent_challenges"

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
