"""Sign-ins and the devices they come from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class SignInSession(HasId, Base):
    """One sign-in on one device: a refresh-token family. Access tokens name it (`sid`) and stop with it."""

    __tablename__ = "sessions"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    signed_in_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    """The last sign-in or refresh."""
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """The absolute end, which no refresh moves."""
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(32))
    refresh_digest: Mapped[str] = mapped_column(String(100))
    """Digest of the one token that may be used next."""
    previous_refresh_digest: Mapped[str | None] = mapped_column(String(100))
    rotated_at: Mapped[datetime | None]
    password_misses: Mapped[int] = mapped_column(default=0, server_default="0")
    """Tries of the current password since the last right one."""
    totp_at: Mapped[datetime | None]
    """When somebody proved the second factor in it; None: only the password."""
    stepped_up_at: Mapped[datetime | None]
    """When somebody proved once more, in it, who he is."""
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("known_devices.id", ondelete="SET NULL"))
    device_name: Mapped[str | None] = mapped_column(String(100))
    installation_id: Mapped[str | None] = mapped_column(String(100))
    shared: Mapped[bool] = mapped_column(default=False)
    switched_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    """The account that somebody signed in to, where the session was switched to from there; it lasts while the two are linked."""
    root_session_id: Mapped[UUID | None] = mapped_column(index=True)
    """The session of that sign-in, however many switches ago."""


class KnownDevice(HasId, Base):
    """A device that has signed in to an account; its device token names this row until it is revoked."""

    __tablename__ = "known_devices"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str | None] = mapped_column(String(100))
    installation_id: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
