"""Where families live and how they are reached, as the office has it, and what guardians say about that."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId

_WAITS = text("state = 'waiting'")


class Household(HasId, Base):
    """One home. A child of separated parents belongs to two; what stands here is the home's, not a person's."""

    __tablename__ = "households"
    __table_args__ = (UniqueConstraint("district_id", "number"),)

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    number: Mapped[str | None] = mapped_column(String(64))
    """What the student information system calls it."""
    facts: Mapped[dict[str, Any]]
    """`services/household_facts.HouseholdFacts`."""
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    """When a guardian last said that this is right; null again after a change by the office."""


class HouseholdMember(Base):
    __tablename__ = "household_members"

    household_id: Mapped[UUID] = mapped_column(ForeignKey("households.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True, index=True)


class HouseholdRequest(HasId, Base):
    """What a guardian said of her household: that it is right, or what would be."""

    __tablename__ = "household_requests"
    __table_args__ = (
        Index("ix_household_requests_district_id_asked_at", "district_id", "asked_at"),
        Index(
            "uq_household_requests_waiting",
            *("household_id", "account_id"),
            unique=True,
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("households.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    """The guardian."""
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    """`verified`; or `waiting`, then `accepted`, `declined`, or `superseded` by her next one."""
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What she would have stand there; taken away when it is decided."""
    reason: Mapped[str | None] = mapped_column(String(20))
    """Why it was declined."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
    repeat_digest: Mapped[str | None] = mapped_column(String(100), unique=True)
    """Of its `Idempotency-Key`."""
    fingerprint: Mapped[str | None] = mapped_column(String(100))
