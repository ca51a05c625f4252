"""The schema moves up, down and up again, on both engines, and ends where the models are."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect

from app import migrate
from app.database import migration_engine
from app.models import Base
from app.settings import Settings
from tests.support.postgresql import Cluster
from tests.support.shell import Printed, Shell

EXPECTED_TABLES = {*Base.metadata.tables, "alembic_version"}


@pytest.fixture
def settings(empty_database_url: str) -> Settings:
    return Settings(database_url=empty_database_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/campus.db"
        return
    postgresql: Cluster = request.getfixturevalue("postgresql")
    url = postgresql.create_database()
    yield url
    postgresql.drop_database(url)


def test_an_empty_database_becomes_what_the_models_say(settings: Settings) -> None:
    migrate.upgrade(settings)
    assert migrate.differences(settings) == []
    assert names_in_database(settings) == names_in_models()


def test_the_schema_goes_down_to_nothing_and_up_again(settings: Settings) -> None:
    migrate.upgrade(settings)
    migrate.downgrade(settings, "base")
    assert tables(settings) == {"alembic_version"}
    migrate.upgrade(settings)
    assert tables(settings) == EXPECTED_TABLES
    assert migrate.differences(settings) == []


def test_whoever_comes_to_a_finished_database_changes_nothing(settings: Settings) -> None:
    migrate.upgrade(settings)
    migrate.upgrade(settings)
    assert migrate.differences(settings) == []


def test_a_missing_table_is_a_difference(settings: Settings) -> None:
    """So that the tests above mean something."""
    assert len(migrate.differences(settings)) >= len(Base.metadata.tables)


def test_several_processes_migrate_one_database_at_once_and_all_succeed(settings: Settings, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": settings.database_url})
    processes = [shell.start("migrate") for _ in range(3)]
    said = f"The database is at {migrate.newest_revision()}.\n"
    assert [process.finish() for process in processes] == [Printed(0, said, "")] * 3
    assert migrate.differences(settings) == []


def test_the_newest_revision_is_the_one_that_alembic_would_move_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.newest_revision()]


def tables(settings: Settings) -> set[str]:
    return set(inspected(settings))


def names_in_database(settings: Settings) -> dict[str, set[str]]:
    return {table: names for table, names in inspected(settings).items() if table != "alembic_version"}


def names_in_models() -> dict[str, set[str]]:
    return {name: _names_of(table) for name, table in Base.metadata.tables.items()}


def _names_of(table: Table) -> set[str]:
    return {str(rule.name) for rule in table.constraints} | {str(index.name) for index in table.indexes}


def inspected(settings: Settings) -> dict[str, set[str]]:
    """Every table with the names of its keys, constraints and indexes."""
    found: dict[str, set[str]] = {}

    def look(connection: Connection) -> None:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            rules = [
                inspector.get_pk_constraint(table),
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_check_constraints(table),
                *inspector.get_indexes(table),
            ]
            found[table] = {str(rule["name"]) for rule in rules}

    async def connect() -> None:
        engine = migration_engine(settings)
        async with engine.connect() as connection:
            await connection.run_sync(look)
        await engine.dispose()

    asyncio.run(connect())
    return found
