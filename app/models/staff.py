"""Who works for a district's office, and with which rights."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class StaffMember(Base):
    """A person's part in the office. Whoever has none may sign in to the staff portal, and sees only himself there."""

    __tablename__ = "staff_members"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    """`district_admin` or `help_desk`."""
    username: Mapped[str | None] = mapped_column(String(128))
    """The username that activation keys bring, where it was chosen for the person."""
    added_at: Mapped[datetime]


class StaffSchool(Base):
    """A school that a member of a help desk works for; without any it is the whole district."""

    __tablename__ = "staff_schools"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("staff_members.person_id", ondelete="CASCADE"), primary_key=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id", ondelete="CASCADE"), primary_key=True, index=True)
