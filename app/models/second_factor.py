"""The second factor of an account: an authenticator app, and codes on paper for the day it is lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class TotpFactor(Base):
    """An account's authenticator (RFC 6238). It counts once a code of it was typed in."""

    __tablename__ = "totp_factors"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    """Sealed under the secret keys; None until the first enrolment is confirmed."""
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The newest time step whose code was used: neither it nor an older one works again."""
    sealed_new_secret: Mapped[str | None] = mapped_column(Text)
    """Of an enrolment that waits for its first code."""
    new_secret_expires_at: Mapped[datetime | None]
    misses: Mapped[int] = mapped_column(default=0)
    """Wrong codes since the last right one."""
    wait_until: Mapped[datetime | None]


class RecoveryCode(HasId, Base):
    """A code that stands for one code of the authenticator, once."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
