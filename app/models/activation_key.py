"""One-time secrets that turn a person into an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId

_LIVE = text("used_at IS NULL AND revoked_at IS NULL")


class ActivationKey(HasId, Base):
    """A printed key, known here only by its keyed digest. A person has at most one that is neither used nor revoked in a portal."""

    __tablename__ = "activation_keys"
    __table_args__ = (
        Index(
            "uq_activation_keys_live", "person_id", "portal", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        ),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    portal: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(100), unique=True)
    username: Mapped[str | None] = mapped_column(String(64))
    """The username that the key carries, where the issuer has chosen it."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    channel: Mapped[str | None] = mapped_column(String(10))
    """How the office hands it over: `in_person`, `letter` or `email`; None for an operator's file. A letter without a batch is not printed yet."""
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_batches.id", ondelete="SET NULL"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    """The account that it made."""
    leased_until: Mapped[datetime | None]
    """While a redemption computes its hash nobody else may begin one; a lost process lets this lapse."""
    lease: Mapped[UUID | None]
    """Which redemption holds it."""


class KeyBatch(HasId, Base):
    """Keys that the office issued, or letters that it printed, with one request. The keys themselves were given once, in the answer."""

    __tablename__ = "key_batches"

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), index=True)
    portal: Mapped[str] = mapped_column(String(16))
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id", ondelete="SET NULL"))
    """Only its people; None for the whole district."""
    channel: Mapped[str] = mapped_column(String(10))
    issued: Mapped[int]
    """How many keys it has."""
    remaining: Mapped[int]
    """How many people were left without one, whom the next batch can reach."""
    without_address: Mapped[int]
    """How many got none because there is no address on record; of a batch that was mailed."""
    limited: Mapped[int]
    """How many got none because enough was mailed to their address that day."""
    issued_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
    issued_at: Mapped[datetime]
