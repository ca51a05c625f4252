"""What people asked the office for when nothing else helped."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class SupportTicket(HasId, Base):
    """As somebody wrote it; nothing in it is proved."""

    __tablename__ = "support_tickets"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_support_tickets_district_id_created_at", "district_id", "created_at"),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    reference: Mapped[str] = mapped_column(String(20))
    """What people say on the phone; random, so that it tells no number of tickets."""
    category: Mapped[str] = mapped_column(String(40))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    student_number: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    message: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(String(35))
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    """`open`, `resolved` or `declined`."""
    remedy: Mapped[str | None] = mapped_column(String(40))
    """What was done about it."""
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    """The account that the remedy was about."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
