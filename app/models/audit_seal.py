"""Seals over the audit trail: which events lie under which seal, and what each was when it was sealed."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")


class AuditSeal(Base):
    """One link of a chain. A district has a chain of its own; `-` is the chain of events of no district."""

    __tablename__ = "audit_seals"
    __table_args__ = (Index("ix_audit_seals_sealed_at", "sealed_at"),)

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    sealed_at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(64))
    """The digest of the seal before; empty in the first."""
    events: Mapped[int]
    last_event: Mapped[int | None] = mapped_column(_ROW_ID)
    events_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the ids and digests of the events under it, in the order of their ids."""
    pruned_upto: Mapped[int | None]
    """Of a checkpoint: events under this seal and those before it are gone, because the district keeps them no longer."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over all of the above, so that anybody can follow the chain."""
    mac: Mapped[str] = mapped_column(String(80))
    """The same under the secret keys, so that nobody without them makes a chain of his own."""


class SealedEvent(Base):
    """An event that lies under a seal. Events are sealed as they are found, whatever the order in which they were committed."""

    __tablename__ = "sealed_events"
    __table_args__ = (Index("ix_sealed_events_chain_number", "chain", "number"),)

    event_id: Mapped[int] = mapped_column(_ROW_ID, primary_key=True, autoincrement=False)
    chain: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over everything in the event."""
