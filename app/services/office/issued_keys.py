"""The activation keys of a district as its office sees them: which there are, what came of each; and taking one back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select, true, tuple_, update

from app.clock import Clock
from app.database import Database
from app.errors import KeyNotLive, NotFound
from app.models import ActivationKey, Person
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.key_people import is_open, is_unspent
from app.services.keys import KeyChannel
from app.services.office.key_facts import KeyState, key_state
from app.services.pages import MomentPosition, Page


@dataclass(frozen=True)
class KeyQuery:
    """Which keys; None for any."""

    state: KeyState | None = None
    person_id: UUID | None = None
    batch_id: UUID | None = None
    portal: Portal | None = None


@dataclass(frozen=True)
class KeyView:
    """A key as the office sees it: everything but the key."""

    id: UUID
    person_id: UUID
    first_name: str
    last_name: str
    portal: Portal
    channel: KeyChannel | None
    batch_id: UUID | None
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    state: KeyState


@dataclass(frozen=True)
class IssuedKeys:
    database: Database
    clock: Clock

    async def page(
        self, clerk: Clerk, query: KeyQuery, limit: int, after: MomentPosition | None = None
    ) -> Page[KeyView, MomentPosition]:
        """Up to `limit` keys, newest first."""
        now = self.clock.now()
        statement = (
            select(*ActivationKey.__table__.columns, Person.first_name, Person.last_name)
            .join(Person, Person.id == ActivationKey.person_id)
            .where(_is_seen(clerk), *_conditions(query, now))
            .order_by(ActivationKey.issued_at.desc(), ActivationKey.id.desc())
            .limit(limit + 1)
        )
        if after:
            statement = statement.where(tuple_(ActivationKey.issued_at, ActivationKey.id) < after)
        async with self.database.reading() as connection:
            found = [_view(row, now) for row in await connection.execute(statement)]
        return Page.of(found, limit, lambda last: (last.issued_at, last.id))

    async def revoke(self, clerk: Clerk, key_id: UUID) -> None:
        """Raises NotFound for a key of nobody whom the clerk sees, KeyNotLive for one that was used or revoked."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            found = await session.execute(
                select(ActivationKey.person_id, ActivationKey.portal)
                .join(Person, Person.id == ActivationKey.person_id)
                .where(ActivationKey.id == key_id, _is_seen(clerk))
            )
            key = found.one_or_none()
            if key is None:
                raise NotFound
            revoked = await session.execute(
                update(ActivationKey)
                .where(ActivationKey.id == key_id, is_unspent())
                .values(revoked_at=now)
                .returning(ActivationKey.id)
                .execution_options(synchronize_session=False)
            )
            if revoked.first() is None:
                raise KeyNotLive
            clerk.record(session, "key:revoked", at=now, person_id=key.person_id, key=str(key_id), portal=key.portal)


def _is_seen(clerk: Clerk) -> ColumnElement[bool]:
    """SQL: the `ActivationKey` row, joined with its `Person`, is the clerk's business."""
    return and_(clerk.sees_person(), true() if clerk.is_admin else ActivationKey.portal != Portal.STAFF.value)


def _conditions(query: KeyQuery, now: datetime) -> Sequence[ColumnElement[bool]]:
    wanted: dict[KeyState, ColumnElement[bool]] = {
        KeyState.LIVE: is_open(now),
        KeyState.EXPIRED: is_unspent() & (ActivationKey.expires_at <= now),
        KeyState.USED: ActivationKey.used_at.is_not(None),
        KeyState.REVOKED: ActivationKey.used_at.is_(None) & ActivationKey.revoked_at.is_not(None),
    }
    return [
        wanted[query.state] if query.state else true(),
        ActivationKey.person_id == query.person_id if query.person_id else true(),
        ActivationKey.batch_id == query.batch_id if query.batch_id else true(),
        ActivationKey.portal == query.portal.value if query.portal else true(),
    ]


def _view(row: Row[*tuple[Any, ...]], now: datetime) -> KeyView:
    return KeyView(
        id=row.id,
        person_id=row.person_id,
        first_name=row.first_name,
        last_name=row.last_name,
        portal=Portal(row.portal),
        channel=KeyChannel(row.channel) if row.channel else None,
        batch_id=row.batch_id,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        state=key_state(row, now),
    )
