"""Mail on its way: what must be told, to whom, and how far it has come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId

_WAITING = text("finished_at IS NULL")


class OutboxMail(HasId, Base):
    """One promise to write to somebody, kept in the transaction that made it.

    A request for a mail to whoever has a username or an address is kept before anybody knows whether there is such a person: the
    worker finds out (`prepared_at`), so that the request costs and answers the same for everybody. The row's id is the mail's
    Message-ID. No secret rests here: links are derived when the mail is written.
    """

    __tablename__ = "outbox_mails"
    __table_args__ = (
        Index("ix_outbox_mails_waiting", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_mails_account_id_created_at", "account_id", "created_at"),
    )

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"))
    kind: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(10), default="mail", server_default="mail")
    """`mail` or `push`."""
    push_device_id: Mapped[UUID | None]
    """Of a push message. No foreign key: keeping a promise to a device would lock it against being registered again."""
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    to_address: Mapped[str | None] = mapped_column(String(254))
    """None until prepared; erased when finished."""
    locale: Mapped[str | None] = mapped_column(String(35))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the mail needs besides: the subject that was asked for, ids of links. Erased when finished."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """After this it is not sent: its links would no longer work."""
    due_at: Mapped[datetime]
    """When to try next."""
    prepared_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`sent`, `nobody`, `limited`, `superseded`, `refused`, `gone` or `given_up`."""
    last_error: Mapped[str | None] = mapped_column(String(40))


class MailedLink(HasId, Base):
    """A link that was mailed. Its token is derived from the id and the purpose under the secret keys; nothing secret is stored."""

    __tablename__ = "mailed_links"
    __table_args__ = (Index("ix_mailed_links_account_id_purpose", "account_id", "purpose"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    """`reset_password`, `confirm_email` or `dispute`."""
    address: Mapped[str | None] = mapped_column(String(254))
    """The address to confirm; for a dispute the one to restore."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    code_attempts: Mapped[int] = mapped_column(default=0)
    """Wrong codes typed for it, where it may be typed as a code."""


class PasswordHistory(HasId, Base):
    """A password that an account had before."""

    __tablename__ = "password_history"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    replaced_at: Mapped[datetime]


class DailyQuota(Base):
    """How often somebody did something on a district-local day; the subject is known by a keyed digest only."""

    __tablename__ = "daily_quotas"

    digest: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Of purpose, district, subject and local date."""
    count: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime]
    """The next local midnight; after it the row may be pruned."""
