"""How long a session lives, and what it takes over from the one that it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.portals import Portal


@dataclass(frozen=True)
class Lifetimes:
    idle: timedelta
    absolute: timedelta

    @classmethod
    def of(cls, portal: Portal, *, shared: bool) -> "Lifetimes":
        """Contract, section 8: 14 and 30 days; a shared device 1 hour; staff 1 hour idle and 12 hours in all."""
        if shared:
            return cls(timedelta(hours=1), timedelta(hours=1))
        if portal is Portal.STAFF:
            return cls(timedelta(hours=1), timedelta(hours=12))
        return cls(timedelta(days=14), timedelta(days=30))


class Parent(Protocol):
    """The session that another one comes from: what it hands down."""

    @property
    def id(self) -> UUID: ...
    @property
    def account_id(self) -> UUID: ...
    @property
    def signed_in_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def totp_at(self) -> datetime | None: ...
    @property
    def switched_from_id(self) -> UUID | None: ...
    @property
    def root_session_id(self) -> UUID | None: ...


def inherited(parent: Parent, expires_at: datetime) -> Mapping[str, object]:
    """What a session takes over that would last until `expires_at` by itself."""
    return {
        "totp_at": parent.totp_at,
        "signed_in_at": parent.signed_in_at,
        "expires_at": min(expires_at, parent.expires_at),
        "switched_from_id": parent.switched_from_id or parent.account_id,
        "root_session_id": parent.root_session_id or parent.id,
    }
