"""Accounts of one human in several districts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class LinkedAccount(Base):
    """An account's place in a link group; the database itself holds that a group has one account of a district at most."""

    __tablename__ = "linked_accounts"
    __table_args__ = (UniqueConstraint("group_id", "district_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[UUID]
    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    linked_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    """After a reset, until the owner confirms."""


class LinkCode(HasId, Base):
    """A code that a signed-in account shows, to be typed into another one within ten minutes."""

    __tablename__ = "link_codes"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
