"""The login of one person in one district and one portal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class Account(HasId, Base):
    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("district_id", "portal", "username_folded"),
        UniqueConstraint("person_id", "portal"),
        Index("ix_accounts_district_id_recovery_email_folded", "district_id", "recovery_email_folded"),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    portal: Mapped[str] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(128))
    """As its owner wrote it."""
    username_folded: Mapped[str] = mapped_column(String(128))
    """As it is compared: NFKC, case folded."""
    password_hash: Mapped[str | None] = mapped_column(String(255))
    """None: no password opens this account (imported without one, or taken off)."""
    password_changed_at: Mapped[datetime | None]
    recovery_email: Mapped[str | None] = mapped_column(String(254))
    """The confirmed address where reset and username mails go, as its owner wrote it."""
    recovery_email_folded: Mapped[str | None] = mapped_column(String(254))
    """As it is compared."""
    recovery_email_confirmed_at: Mapped[datetime | None]
    unconfirmed_recovery_email: Mapped[str | None] = mapped_column(String(254))
    """A new address; until it is confirmed the old one counts."""
    locale: Mapped[str | None] = mapped_column(String(35))
    created_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    """Switched off by the office or an operator."""
    claim_reopened_at: Mapped[datetime | None]
    """When the office let a student claim the account once more."""
