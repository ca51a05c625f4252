"""People of a district's roster, their schools, and who may see whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId

_IS_LEAVING = text("leaves_at IS NOT NULL")


class School(HasId, Base):
    __tablename__ = "schools"
    __table_args__ = (UniqueConstraint("district_id", "sourced_id"),)

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    sourced_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    identifier: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[datetime | None]
    """When it left the roster."""


class OtherOrg(Base):
    """An org of a roster that is no school, such as the district: nothing is kept of it but that later rows may point to it."""

    __tablename__ = "other_orgs"

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    sourced_id: Mapped[str] = mapped_column(String(255), primary_key=True)


class Person(HasId, Base):
    """Somebody in a roster. One person may be guardian and staff at once, so the kinds are flags."""

    __tablename__ = "persons"
    __table_args__ = (
        UniqueConstraint("district_id", "sourced_id"),
        Index("ix_persons_district_id_student_number", "district_id", "student_number"),
        Index("ix_persons_district_id_name_words", "district_id", "name_words"),
        Index("ix_persons_leaves_at", "leaves_at", sqlite_where=_IS_LEAVING, postgresql_where=_IS_LEAVING),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    sourced_id: Mapped[str] = mapped_column(String(255))
    is_student: Mapped[bool] = mapped_column(default=False)
    is_guardian: Mapped[bool] = mapped_column(default=False)
    is_staff: Mapped[bool] = mapped_column(default=False)
    first_name: Mapped[str] = mapped_column(String(255))
    last_name: Mapped[str] = mapped_column(String(255))
    name_words: Mapped[str] = mapped_column(String(600), default="", server_default="")
    """Last and first name folded for search: lower case, no accents, single spaces."""
    student_number: Mapped[str | None] = mapped_column(String(255))
    state_id: Mapped[str | None] = mapped_column(String(255))
    """The state's number for a student, such as Georgia's GTID."""
    birth_date: Mapped[date | None]
    email: Mapped[str | None] = mapped_column(String(254))
    """The address on record in the student information system."""
    ssn_last4_digest: Mapped[str | None] = mapped_column(String(100))
    enabled: Mapped[bool] = mapped_column(default=True)
    """The roster's `enabledUser`: whether the school lets this person use its systems."""
    first_seen_at: Mapped[datetime]
    in_first_import: Mapped[bool] = mapped_column(default=False)
    """Was there before the district joined, so counts as entered long ago."""
    ended_at: Mapped[datetime | None]
    """When the person left the roster: access ends, nothing is erased."""
    leaves_at: Mapped[datetime | None]
    """Missing from the roster, with access until then (`roster.grace_days`). Null as soon as the end is there or taken back."""
    relation: Mapped[str | None] = mapped_column(String(32))
    """What an adult of students is in the roster: parent, guardian or relative."""
    role_rows: Mapped[str | None] = mapped_column(Text)
    """The rows of roles.csv (OneRoster 1.2), so that a later package can change one of them; `roster.roles` writes and reads it."""
    by_office: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Entered by the office or an operator: no roster knows this person, so none ends the entry."""


class Enrollment(Base):
    """A person belongs to a school: a student learns there, staff works there."""

    __tablename__ = "enrollments"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id", ondelete="CASCADE"), primary_key=True, index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)


class Relationship(HasId, Base):
    """Guardian to student. Only `portal` opens the student in the portal.

    The flags belong to the district from the moment the row exists: no roster turns one on again.
    """

    __tablename__ = "relationships"
    __table_args__ = (
        UniqueConstraint("guardian_id", "student_id"),
        CheckConstraint("guardian_id <> student_id", name="two_people"),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), index=True)
    guardian_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    relation: Mapped[str] = mapped_column(String(32))
    """The adult's role in the roster: parent, guardian or relative."""
    guardian: Mapped[bool]
    mailing: Mapped[bool]
    portal: Mapped[bool]
    messenger: Mapped[bool]
    ended_at: Mapped[datetime | None]
    said_by: Mapped[str | None] = mapped_column(String(8))
    """Whose row in the roster names the other: guardian, student or both. Null: no row does, or none says which."""
