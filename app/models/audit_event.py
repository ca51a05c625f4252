"""What happened, to whom, by whom: append-only, without names and secrets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditEvent(Base):
    """One event. No foreign keys: a trace outlives what it speaks of. The database itself refuses to change or delete one."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_account_id_at", "account_id", "at"),
        Index("ix_audit_events_district_id_at", "district_id", "at"),
        Index("ix_audit_events_person_id_at", "person_id", "at"),
        Index("ix_audit_events_actor_at", "actor", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    district_id: Mapped[str | None] = mapped_column(String(64))
    tag: Mapped[str] = mapped_column(String(64))
    """`source:subject:action`, such as `api:session:started`."""
    actor: Mapped[str] = mapped_column(String(64))
    """`account:<id>`, `operator`, or `anonymous`."""
    account_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
