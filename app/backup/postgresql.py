"""PostgreSQL: its own programs, pg_dump and pg_restore, over one snapshot.

A restore puts what is there aside, as a schema of another name, and takes it away when all of the backup is there. If it is stopped
in between, nothing is lost: the next one says how to put it back.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import String, column, func, make_url, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.backup.archive import Progress
from app.backup.faults import BackupRefused
from app.backup.snapshot import Snapshot, refuse_occupied
from app.database import migration_engine
from app.settings import Settings

_ASIDE = "campus_before_restore"
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'campus'"
)


class PostgresqlEngine:
    name = "postgresql"
    workshop: Path | None = None

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = {**environ, **connection_variables(settings.database_url)}

    def copy(self, into: Path, progress: Progress) -> Snapshot:
        program = self._program("pg_dump")
        into.touch(mode=0o600)
        return asyncio.run(self._copy(program, into, progress))

    async def _copy(self, program: str, into: Path, progress: Progress) -> Snapshot:
        engine = migration_engine(self._settings)
        try:
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                snapshot = await _snapshot(connection)
                exported = (await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
                progress("copying", 0, 1)
                words = ("--format=custom", "--no-owner", "--no-privileges", "--schema=public")
                await self._run([program, *words, f"--snapshot={exported}", f"--file={into}"])
                progress("copying", 1, 1)
                return snapshot
        finally:
            await engine.dispose()

    def refuse_loss(self, *, replace: bool) -> None:
        self._program("pg_restore")
        asyncio.run(self._within(lambda connection: _refuse_loss(connection, replace=replace)))

    def load(self, file: Path, snapshot: Snapshot) -> None:
        asyncio.run(self._load(self._program("pg_restore"), file, snapshot))

    async def _load(self, program: str, file: Path, snapshot: Snapshot) -> None:
        await self._within(_put_aside)
        try:
            words = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
            # The new schema is there already, so only what is in it is restored.
            await self._run([program, *words, "--schema=public", f"--dbname={self._environ['PGDATABASE']}", str(file)])
            snapshot.refuse_other(await self._within(_snapshot))
        except BaseException:
            await self._within(_put_back)
            raise
        await self._within(_take_away)

    async def _within(self, work: Any) -> Any:
        """What `work` gives, in a transaction of its own."""
        engine = migration_engine(self._settings)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        except DBAPIError as fault:
            raise BackupRefused(f"PostgreSQL refused: {str(fault.orig).splitlines()[0]}") from fault
        finally:
            await engine.dispose()

    def _program(self, name: str) -> str:
        found = shutil.which(name, path=self._environ.get("PATH"))
        if found is None:
            raise BackupRefused(f"{name} is not found; install PostgreSQL's client programs (postgresql-client)")
        return found

    async def _run(self, words: list[str]) -> None:
        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(  # noqa: S603  # PostgreSQL's own programs; what a stranger says is no part of it
                words, env=self._environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )

        ended = await asyncio.to_thread(run)
        if ended.returncode:
            said = ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"]
            raise BackupRefused(f"{Path(words[0]).name} failed: {said[0]}")


def connection_variables(database_url: str) -> dict[str, str]:
    """The same connection for PostgreSQL's programs. Not on their command line, which everybody on the machine can read."""
    url = make_url(database_url)
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    ssl = query.get("sslmode") or {"true": "verify-full", "false": "disable"}.get(
        query.get("ssl", ""), query.get("ssl")
    )
    given = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": query.get("port") or url.port,
        "PGUSER": query.get("user") or url.username,
        "PGPASSWORD": query.get("password") or url.password,
        "PGDATABASE": url.database or query.get("database"),
        "PGSSLMODE": ssl,
    }
    return {name: str(value) for name, value in given.items() if value}


async def _snapshot(connection: AsyncConnection) -> Snapshot:
    counts = await _counts(connection)
    if "alembic_version" not in counts:
        raise BackupRefused("the database is no database of this service, or was never migrated")
    version = table("alembic_version", column("version_num", String), schema="public")
    revision = (await connection.execute(select(version.c.version_num))).scalar_one_or_none()
    return Snapshot(revision or "", counts)


async def _counts(connection: AsyncConnection) -> dict[str, int]:
    names = (await connection.execute(_TABLES)).scalars().all()
    return {
        name: (await connection.execute(select(func.count()).select_from(table(name, schema="public")))).scalar_one()
        for name in names
    }


async def _refuse_loss(connection: AsyncConnection, *, replace: bool) -> None:
    aside = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
    if (await connection.execute(aside, {"name": _ASIDE})).first():
        raise BackupRefused(
            f"a restore was stopped halfway, and what was there lies in the schema {_ASIDE}. Put it back "
            f"(DROP SCHEMA public CASCADE; ALTER SCHEMA {_ASIDE} RENAME TO public) or drop it, then try again"
        )
    if (await connection.execute(_OTHERS)).scalar_one():
        raise BackupRefused("servers or workers are connected to the database: stop them first")
    refuse_occupied(await _counts(connection), replace=replace)


async def _put_aside(connection: AsyncConnection) -> None:
    await connection.execute(text(f"ALTER SCHEMA public RENAME TO {_ASIDE}"))
    await connection.execute(text("CREATE SCHEMA public"))


async def _put_back(connection: AsyncConnection) -> None:
    await connection.execute(text("DROP SCHEMA public CASCADE"))
    await connection.execute(text(f"ALTER SCHEMA {_ASIDE} RENAME TO public"))


async def _take_away(connection: AsyncConnection) -> None:
    await connection.execute(text(f"DROP SCHEMA {_ASIDE} CASCADE"))
