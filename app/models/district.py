"""The tenant, and what its login screen shows."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class District(Base):
    """A school district: an entry of the directory until an operator opens it.

    `settings` holds only what differs from the defaults of `services/district_settings.py`.
    """

    __tablename__ = "districts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(2), index=True)
    city: Mapped[str | None] = mapped_column(String(100))
    timezone: Mapped[str | None] = mapped_column(String(64))
    name_words: Mapped[str] = mapped_column(String(400))
    """The name folded for search: lower case, no accents, single spaces."""
    city_words: Mapped[str] = mapped_column(String(200), default="")
    opened_at: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)


class DirectoryVersion(Base):
    """One row: another number after each change of what the directory of districts shows."""

    __tablename__ = "directory_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)


class DistrictOrigin(Base):
    """A web origin that a district registered for its single-page front ends (CORS)."""

    __tablename__ = "district_origins"

    origin: Mapped[str] = mapped_column(String(255), primary_key=True)
    district_id: Mapped[str] = mapped_column(
        ForeignKey("districts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class DistrictNetwork(Base):
    """A network of a district's schools, where many people share an address."""

    __tablename__ = "district_networks"

    network: Mapped[str] = mapped_column(String(50), primary_key=True)
    district_id: Mapped[str] = mapped_column(
        ForeignKey("districts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Announcement(HasId, Base):
    """A dated notice on the login screen, visible from one moment until another."""

    __tablename__ = "announcements"

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id", ondelete="CASCADE"), index=True)
    published_on: Mapped[date]
    visible_from: Mapped[datetime | None]
    visible_until: Mapped[datetime | None]
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    links: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
