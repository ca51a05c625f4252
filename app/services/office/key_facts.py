"""What the office sees of people's activation keys: the newest of each, never the key itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import ActivationKey
from app.portals import Portal


class KeyState(StrEnum):
    LIVE = "live"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class KeyFact:
    id: UUID
    state: KeyState
    channel: str | None
    expires_at: datetime


def key_state(row: Any, now: datetime) -> KeyState:
    """Of a row with the columns of a key."""
    if row.used_at is not None:
        return KeyState.USED
    if row.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.LIVE if row.expires_at > now else KeyState.EXPIRED


async def newest_keys(
    connection: AsyncConnection, person_ids: Collection[UUID], now: datetime
) -> dict[tuple[UUID, Portal], KeyFact]:
    """The newest key of each person in each portal, in one statement."""
    if not person_ids:
        return {}
    spent = or_(ActivationKey.used_at.is_not(None), ActivationKey.revoked_at.is_not(None))
    age = (ActivationKey.issued_at.desc(), spent, ActivationKey.id)
    place = func.row_number().over(partition_by=(ActivationKey.person_id, ActivationKey.portal), order_by=age)
    ranked = (
        select(*ActivationKey.__table__.columns, place.label("place"))
        .where(ActivationKey.person_id.in_(person_ids))
        .subquery()
    )
    rows = await connection.execute(select(ranked).where(ranked.c.place == 1))
    return {
        (row.person_id, Portal(row.portal)): KeyFact(row.id, key_state(row, now), row.channel, row.expires_at)
        for row in rows
    }
