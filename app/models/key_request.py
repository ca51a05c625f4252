"""Families who asked for an activation key and proved whose they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class KeyRequest(HasId, Base):
    """One request whose facts were right. It waits for the office where no key could be mailed."""

    __tablename__ = "key_requests"
    __table_args__ = (Index("ix_key_requests_district_id_requested_at", "district_id", "requested_at"),)

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    requested_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    """`mailed`, `displayed`, `waiting` for the office, `handled` or `declined`."""
    keys: Mapped[int]
    """How many keys went out for it."""
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
