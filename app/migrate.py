"""The database schema, moved by alembic. Synchronous: commands and start-up call it before any event loop runs."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from app.database import lost_server_as_overloaded, migration_engine, passing_faults_as_overloaded
from app.errors import NotReady
from app.settings import Settings

if TYPE_CHECKING:  # alembic is slow to import and only migrations need it
    from alembic.config import Config

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
# Any constant will do, as long as every process takes the same one.
_LOCK = 0x_CA_09_05


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Moves the database to `revision`. Several processes may call it at once: one works, the others wait and find it done."""
    from alembic import command  # noqa: PLC0415  # slow to import

    asyncio.run(_run(settings, lambda config: command.upgrade(config, revision)))


def downgrade(settings: Settings, revision: str) -> None:
    """Moves the database back to `revision` (`base` for an empty one)."""
    from alembic import command  # noqa: PLC0415  # slow to import

    asyncio.run(_run(settings, lambda config: command.downgrade(config, revision)))


def newest_revision() -> str:
    """The newest revision that this release brings: files are named by date and revision, so no alembic is needed to know."""
    return max(file.stem for file in (FOLDER / "versions").glob("[0-9]*.py"))


def differences(settings: Settings) -> list[object]:
    """What autogenerate would change: empty where models and database are equal."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  # slow to import
    from alembic.migration import MigrationContext  # noqa: PLC0415  # slow to import

    from app.models import Base  # noqa: PLC0415  # with alembic

    found: list[object] = []

    def compare(connection: Connection) -> None:
        found.extend(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
        )

    asyncio.run(_with_connection(settings, compare))
    return found


async def _run(settings: Settings, command: Callable[["Config"], object]) -> None:
    def within(connection: Connection) -> None:
        from alembic.config import Config  # noqa: PLC0415  # slow to import
        from alembic.migration import MigrationContext  # noqa: PLC0415  # with it

        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision and revision > newest_revision():
            raise NotReady(
                {"migrations": f"at {revision}, which is newer than this release knows; run a newer release"}
            )
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command(config)

    await _with_connection(settings, within)


async def _with_connection(settings: Settings, work: Callable[[Connection], None]) -> None:
    engine = migration_engine(settings)
    try:
        with passing_faults_as_overloaded(), lost_server_as_overloaded():
            async with engine.begin() as connection:
                await connection.run_sync(work)
    finally:
        await engine.dispose()
