"""The audit trail: one row for every change and every security event, written in the transaction that makes it true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Unit, put
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
    session: Unit,
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
    put(
        session,
        AuditEvent,
        at=at,
        tag=tag,
        actor=actor,
        district_id=district_id,
        account_id=account_id,
        person_id=person_id,
        data=dict(data or {}),
    )


@dataclass(frozen=True)
class Subject:
    """Whom one of many like events is about, and what it says of it."""

    account_id: UUID | None = None
    person_id: UUID | None = None
    data: Mapping[str, object] = field(default_factory=dict)


async def record_each(
    session: AsyncSession, tag: str, subjects: Sequence[Subject], *, at: datetime, actor: str, district_id: str
) -> None:
    """The same as `record` for each of many, in a third of the time."""
    common = {"at": at, "tag": tag, "actor": actor, "district_id": district_id}
    rows = [{**common, **vars(subject), "data": dict(subject.data)} for subject in subjects]
    await session.execute(insert(AuditEvent), rows)
