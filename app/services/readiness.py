"""Whether this process can serve: database, migrations, Redis where one is configured."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import Database
from app.errors import Overloaded

_REDIS_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Readiness:
    database: Database
    redis_url: str | None
    expected_revision: str

    async def checks(self) -> dict[str, str]:
        """`ok` or what is wrong, by part. Signing keys are not asked: without them the process does not start."""
        return {
            "database": await self._database(),
            "migrations": await self._migrations(),
            **({"redis": await self._redis(self.redis_url)} if self.redis_url else {}),
        }

    async def _database(self) -> str:
        try:
            async with self.database.reading() as connection:
                await connection.execute(text("SELECT 1"))
        except Overloaded:
            return "unreachable"
        return "ok"

    async def _migrations(self) -> str:
        try:
            async with self.database.reading() as connection:
                revision = (
                    await connection.execute(text("SELECT version_num FROM alembic_version"))
                ).scalar_one_or_none()
        except Overloaded:
            return "unknown"
        except DBAPIError:  # there is no such table yet
            revision = None
        return judge_revision(revision, self.expected_revision)

    @staticmethod
    async def _redis(url: str) -> str:
        from valkey.asyncio import Valkey  # noqa: PLC0415  # slow to import, and only for those who have one
        from valkey.exceptions import ValkeyError  # noqa: PLC0415  # with it

        client = Valkey.from_url(url, socket_timeout=_REDIS_TIMEOUT_S, socket_connect_timeout=_REDIS_TIMEOUT_S)
        try:
            await client.ping()
        except (ValkeyError, OSError):
            return "unreachable"
        finally:
            await client.aclose()
        return "ok"


def judge_revision(revision: str | None, expected: str) -> str:
    """`ok`, or what to do about a schema at `revision` where this release needs `expected`; both begin with their date."""
    if revision == expected:
        return "ok"
    if revision and revision > expected:
        return f"at {revision}, which is newer than this release knows ({expected}); run a newer release"
    return f"at {revision or 'nothing'}, needs {expected}; run campus migrate"
