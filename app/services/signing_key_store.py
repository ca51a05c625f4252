"""The keys that sign access tokens: the operator's, or in development one that is made once and kept in the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from app.clock import Clock
from app.database import Database
from app.models import SigningKey
from app.security.digests import Digests
from app.security.signing_keys import SigningKeyPair

_LOCK_TABLE = text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True)
class SigningKeyStore:
    database: Database
    clock: Clock
    digests: Digests

    async def load(self, configured: Sequence[str]) -> list[SigningKeyPair]:
        """The configured keys, newest first; without any, those of the database, of which the first process makes one.

        Raises:
            ValueError: a configured key that cannot be used.
        """
        if configured:
            return [SigningKeyPair.from_pem(pem) for pem in configured]
        if stored := await self._stored():
            return stored
        async with self.database.transaction() as session:
            # SQLite has one writer; PostgreSQL needs the lock so that two processes do not both find the table empty.
            if not self.database.is_sqlite:
                await session.execute(_LOCK_TABLE)
            if not await self._stored():
                pair = SigningKeyPair.generate()
                session.add(
                    SigningKey(
                        kid=pair.kid, sealed_pem=self.digests.seal(pair.private_pem), created_at=self.clock.now()
                    )
                )
        return await self._stored()

    async def _stored(self) -> list[SigningKeyPair]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(SigningKey.sealed_pem).order_by(SigningKey.created_at.desc()))
            unsealed = [self.digests.unseal(row.sealed_pem) for row in rows]
        return [SigningKeyPair.from_pem(pem) for pem in unsealed if pem]
