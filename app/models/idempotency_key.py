"""Requests that a client may repeat without doing them twice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class IdempotencyKey(Base):
    """One `Idempotency-Key` of one route: what was asked (a keyed fingerprint without secrets) and what came of it."""

    __tablename__ = "idempotency_keys"

    digest: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(100))
    account_id: Mapped[UUID | None]
    """The account that the first request made; None while it runs."""
    key_batch_id: Mapped[UUID | None]
    """The batch of keys that it made, where it made one."""
    lease: Mapped[UUID]
    """Which request holds it."""
    leased_until: Mapped[datetime]
    expires_at: Mapped[datetime]
