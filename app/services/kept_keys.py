"""What is left of secret keys that went out of use: enough to recognise digests that nobody can make anew, and no more.

A process that lists a secret key needs none of it. So servers read it once, when they start. Beside it lies the steady key, which the
first process makes: for what people see and must not see change when a secret key is replaced.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import Overloaded
from app.models import KeptKey
from app.security.digests import STEADY, Digests
from app.services.keyed_tables import digested

_RETRY_S = 0.5

log = structlog.get_logger("campus.secrets")


@dataclass(frozen=True)
class KeptKeyStore:
    database: Database
    clock: Clock
    digests: Digests

    async def load(self) -> bool:
        """Tells the digests what was kept; False, and nothing told, where the database or its table is not there."""
        try:
            kept = await self.read()
            if STEADY not in kept:
                await self._make_steady()
                kept = await self.read()
            self.digests.kept = kept
        except (Overloaded, DBAPIError):
            return False
        return True

    async def load_in_the_end(self) -> None:
        """Until it succeeds, requests that could want a kept key are told to try again."""
        for pause in repeat(_RETRY_S):
            if await self.load():
                return
            await asyncio.sleep(pause)

    async def read(self) -> dict[str, dict[str, bytes]]:
        """By the id of the secret key, last used first."""
        query = select(KeptKey.key_id, KeptKey.sealed_keys).order_by(KeptKey.kept_at.desc(), KeptKey.key_id)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        opened = {row.key_id: self.digests.unseal(row.sealed_keys) for row in rows}
        # Without the steady key decoys change, and nothing is lost: a command's answer need not be spoilt by that.
        for lost in [key for key, text in opened.items() if text is None and key != STEADY]:
            log.error("kept_key_unreadable", kind=lost)
        return {key: _read(text) for key, text in opened.items() if text is not None}

    async def _make_steady(self) -> None:
        """Unless there is one that this process cannot read."""
        dialect = sqlite if self.database.is_sqlite else postgresql
        sealed = self.digests.seal(_steady())
        made = dialect.insert(KeptKey).values(key_id=STEADY, sealed_keys=sealed, kept_at=self.clock.now())
        async with self.database.transaction() as session:
            await session.execute(made.on_conflict_do_nothing())

    async def keep(self, session: AsyncSession) -> None:
        """Keeps what is needed of each listed key but the newest, and lays what is needed of those before under the newest."""
        newest, *older = self.digests.key_ids
        rows = {row.key_id: row for row in await session.scalars(select(KeptKey).with_for_update())}
        for key in older:
            if key not in rows:
                sealed = self.digests.seal(_written(self.digests.purpose_keys(key)))
                session.add(KeptKey(key_id=key, sealed_keys=sealed, kept_at=self.clock.now()))
        for row in rows.values():
            text = self.digests.unseal(row.sealed_keys)
            if text is None and row.key_id == STEADY:
                text = _steady()  # the key is lost under which it was sealed
                row.sealed_keys = self.digests.seal(text)
            if text is None:
                continue
            keys = _read(text)
            left = keys if row.key_id in older else await _still_needed(session, row.key_id, keys, self.clock.now())
            if left != keys or self.digests.sealed_by(row.sealed_keys) != newest:
                row.sealed_keys = self.digests.seal(_written(left))

    async def kept_since(self) -> dict[str, datetime]:
        async with self.database.reading() as connection:
            return {
                row.key_id: row.kept_at for row in await connection.execute(select(KeptKey.key_id, KeptKey.kept_at))
            }

    async def forget(self, session: AsyncSession, key: str) -> bool:
        """Whether anything was kept of this key. With it goes the steady key, which may have been sealed under it; a start makes another."""
        gone = delete(KeptKey).where(KeptKey.key_id == key).returning(KeptKey.key_id)
        if key == STEADY or (await session.scalar(gone)) is None:
            return False
        await session.execute(delete(KeptKey).where(KeptKey.key_id == STEADY))
        return True


async def _still_needed(
    session: AsyncSession, key: str, keys: Mapping[str, bytes], now: datetime
) -> Mapping[str, bytes]:
    """Without those by which nothing hangs on a key that is listed no longer: each costs every question a comparison."""
    over = set()
    for source in digested(now):
        if source.purpose in keys:
            by_it = select(source.digest).where(source.live, source.digest.startswith(f"{key}:")).limit(1)
            if (await session.execute(by_it)).first() is None:
                over.add(source.purpose)
    return {purpose: left for purpose, left in keys.items() if purpose not in over}


def _steady() -> str:
    return _written({STEADY: secrets.token_bytes(32)})


def _written(keys: Mapping[str, bytes]) -> str:
    return json.dumps({purpose: key.hex() for purpose, key in keys.items()})


def _read(text: str) -> dict[str, bytes]:
    return {purpose: bytes.fromhex(key) for purpose, key in json.loads(text).items()}
