"""Everything that can be is made anew under the newest secret key, while servers run: then an older one may be taken out of the list.

What is sealed is opened and sealed again, some rows at a time. A row that somebody is changing is left out and asked for later, so
that nobody waits for this in a circle. Of digests that nobody can make anew the means to recognise them are kept (kept_keys.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.security.digests import Digests
from app.services import audit
from app.services.audit_sealing import AuditSealing
from app.services.kept_keys import KeptKeyStore
from app.services.keyed_tables import SEALED, Sealed

ROWS_AT_ONCE = 200
_PASSES = 20
_PAUSE_S = 0.25

Progress = Callable[[str, int, int], None]
"""The table, rows looked at, rows in all."""


class SecretRefused(Exception):
    """What an operator asked for makes no sense; the message says why."""


@dataclass
class Resealed:
    """What a run did, by table."""

    rows: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    """Sealed under a key that is not listed."""
    seals: int = 0
    """Newest seals of the audit trail that were renewed, and new ones."""


@dataclass(frozen=True)
class Resealing:
    database: Database
    clock: Clock
    digests: Digests
    kept_keys: KeptKeyStore
    audit_sealing: AuditSealing

    async def reseal(self, progress: Progress = lambda *_: None) -> Resealed:
        """Does all of it; a run that was stopped is simply begun again."""
        async with self.database.transaction() as session:
            await self.kept_keys.keep(session)
        done = Resealed()
        for sealed in SEALED:
            for number in range(_PASSES):
                if number:
                    await asyncio.sleep(_PAUSE_S)
                if not await self._pass(sealed, done, progress):
                    break
        if any(done.rows.values()):
            async with self.database.transaction() as session:
                audit.record(
                    session,
                    "operator:secrets:resealed",
                    at=self.clock.now(),
                    actor=audit.OPERATOR,
                    data={"key": self.digests.key_ids[0], **done.rows},
                )
        done.seals = len(await self.audit_sealing.seal(everything=True))
        return done

    async def forget(self, key: str) -> None:
        """Nothing of this secret key is any good from the next start of each server on: for a key that somebody may know.

        Raises:
            SecretRefused: nothing was kept of it, or it is listed.
        """
        if key in self.digests.key_ids:
            raise SecretRefused(f"{key} is listed in CAMPUS_SECRET_KEYS; take it out there first")
        async with self.database.transaction() as session:
            if not await self.kept_keys.forget(session, key):
                raise SecretRefused(f"nothing is kept of a key {key}; `campus secrets status` names those there are")
            audit.record(
                session,
                "operator:secrets:forgotten",
                at=self.clock.now(),
                actor=audit.OPERATOR,
                data={"key": key},
            )

    async def _pass(self, sealed: Sealed, done: Resealed, progress: Progress) -> bool:
        """Whether rows were left out because somebody held them."""
        async with self.database.reading() as connection:
            older = sealed.may_be_older(self.digests.key_ids[0])
            count = select(func.count()).select_from(sealed.table).where(older)
            total = (await connection.execute(count)).scalar_one()
        after, seen = None, 0
        done.unreadable.pop(sealed.name, None)
        progress(sealed.name, 0, total)
        while True:
            async with self.database.transaction() as session:
                rows = await self._some(session, sealed, after)
                await self._renew(session, sealed, rows, done)
            if not rows:
                return seen < total
            after, seen = rows[-1][0], seen + len(rows)
            progress(sealed.name, min(seen, total), total)

    async def _some(self, session: AsyncSession, sealed: Sealed, after: Any) -> Sequence[Row[Any]]:
        older = sealed.may_be_older(self.digests.key_ids[0])
        query = select(sealed.key, *sealed.columns).where(older).order_by(sealed.key).limit(ROWS_AT_ONCE)
        if after is not None:
            query = query.where(sealed.key > after)
        return (await session.execute(query.with_for_update(skip_locked=True))).all()

    async def _renew(self, session: AsyncSession, sealed: Sealed, rows: Sequence[Row[Any]], done: Resealed) -> None:
        newest = self.digests.key_ids[0]
        changes: list[dict[str, Any]] = []
        unreadable = 0
        for row in rows:
            values: dict[str, Any] = {}
            for column in sealed.columns:
                text = getattr(row, column.key)
                by = newest if text is None else self.digests.sealed_by(text)
                unreadable += by is None
                if by not in {newest, None}:
                    opened = self.digests.unseal(text) or ""
                    values |= {column.key: self.digests.seal(opened), **sealed.digest(self.digests, opened)}
            if values:
                changes.append({sealed.key.key: row[0], **values})
        await _write(session, sealed, changes)
        done.rows[sealed.name] = done.rows.get(sealed.name, 0) + len(changes)
        if unreadable:
            done.unreadable[sealed.name] = done.unreadable.get(sealed.name, 0) + unreadable


async def _write(session: AsyncSession, sealed: Sealed, changes: Sequence[dict[str, Any]]) -> None:
    """Rows of the same columns together, as one statement wants them."""
    for columns in {frozenset(change) for change in changes}:
        await session.execute(update(sealed.table), [change for change in changes if frozenset(change) == columns])
