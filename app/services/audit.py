"""The audit trail: one row for every change and every security event, written in the transaction that makes it true."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import AuditEvent

OPERATOR = "operator"
"""Somebody with a shell on the server."""
WORKER = "worker"
"""The service itself, beside requests."""
ANONYMOUS = "anonymous"
"""Whoever has not signed in."""


def by_account(account_id: UUID) -> str:
    return f"account:{account_id}"


def record(
    session: AsyncSession,
    tag: str,
    *,
    at: datetime,
    actor: str,
    district_id: str | None = None,
    account_id: UUID | None = None,
    person_id: UUID | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """Adds `tag` (`source:subject:action`). `data` holds ids, counts and reasons, never names, addresses or secrets."""
    session.add(
        AuditEvent(
            at=at,
            tag=tag,
            actor=actor,
            district_id=district_id,
            account_id=account_id,
            person_id=person_id,
            data=dict(data or {}),
        )
    )
