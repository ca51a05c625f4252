"""Families who asked for an activation key and proved whose they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId

_NEW = text("state = 'new'")


class KeyRequest(HasId, Base):
    """One request, whether or not its facts were right, so that it costs and answers the same for everybody.

    The worker finds out: keys go out by mail, or the request waits for the office, or it was nobody's.
    """

    __tablename__ = "key_requests"
    __table_args__ = (
        Index("ix_key_requests_district_id_requested_at", "district_id", "requested_at"),
        Index("ix_key_requests_new", "requested_at", sqlite_where=_NEW, postgresql_where=_NEW),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    """None where a fact was wrong."""
    requested_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    """`new`, then `nobody`, `mailed`, `displayed`, or `waiting` for the office, and at last `handled` or `declined`."""
    keys: Mapped[int] = mapped_column(default=0)
    """How many keys went out for it."""
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
