"""The two roles of examples/running/postgresql on a real server: one migrates, the other serves and can do nothing else."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import migrate
from app.clock import ManualClock
from app.settings import Settings
from tests.conftest import SECRET_KEY
from tests.office.counter import does
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import Server, serving
from tests.support.postgresql import Cluster
from tests.support.shell import Shell

POSTGRESQL = Path(__file__).resolve().parents[2] / "examples" / "running" / "postgresql"
NOT_FOR_IT = (
    "ALTER TABLE audit_events DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_events_checkpoint ON audit_events",
    "CREATE OR REPLACE FUNCTION keep_audit_events() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "UPDATE audit_events SET tag = 'nothing'",
    "UPDATE audit_seals SET mac = ''",
    "UPDATE sealed_events SET digest = ''",
    "TRUNCATE audit_events",
    "DROP TABLE accounts",
    "TRUNCATE accounts",
    "ALTER TABLE accounts ADD COLUMN more text",
    "CREATE TABLE public.more (id integer)",
    "UPDATE alembic_version SET version_num = ''",
    "SET ROLE campus_owner",
)


@dataclass(frozen=True)
class Roles:
    """Of one run: roles belong to a server and not to a database."""

    superuser: str
    """URL of the database, for the one who makes roles."""
    suffix: str

    def url(self, role: str) -> str:
        parts = urlsplit(self.superuser)
        host = f":{parts.port}" if parts.port else ""
        return parts._replace(netloc=f"campus_{role}_{self.suffix}:{self.suffix}@{parts.hostname or ''}{host}").geturl()

    def run(self, file: str, url: str) -> None:
        """As `psql --file` does."""
        with closing(Cluster(url)) as connected:
            connected.execute(self.renamed((POSTGRESQL / file).read_text(encoding="utf-8")))

    def renamed(self, sql: str) -> str:
        return sql.replace("campus_owner", f"campus_owner_{self.suffix}").replace(
            "campus_serving", f"campus_serving_{self.suffix}"
        )


@pytest.fixture
def roles(postgresql: Cluster) -> Iterator[Roles]:
    roles = Roles(postgresql.create_database(), secrets.token_hex(4))
    roles.run("roles.sql", roles.superuser)
    both = [roles.renamed(name) for name in ("campus_owner", "campus_serving")]
    for role in both:
        postgresql.execute(f"ALTER ROLE {role} PASSWORD '{roles.suffix}'")
    yield roles
    postgresql.drop_database(roles.superuser)
    for role in both:
        postgresql.execute(f"DROP ROLE {role}")


@pytest.fixture
def served_by(roles: Roles, tmp_path: Path) -> Settings:
    """Migrated by the owner, as docs say, and then the serving role's."""
    Shell(tmp_path, {"CAMPUS_DATABASE_URL": roles.url("owner")}).campus("migrate")
    roles.run("rights.sql", roles.url("owner"))
    given = {"env": "dev", "database_url": roles.url("serving"), "secret_keys": [SECRET_KEY], "captcha_work": 1}
    return Settings.model_validate(given)


async def test_the_serving_role_serves_families_the_office_and_the_worker(
    served_by: Settings, clock: ManualClock
) -> None:
    async with serving(served_by, clock) as server:
        office = await Office.open(server)
        maria = await office.parent()
        assert (await maria.activate()).status_code == 201
        assert (await maria.sign_in()).status_code == 200
        assert (await maria.refresh()).status_code == 200
        hugo = await at_desk(office)
        assert (await does(hugo, "disable", maria)).status_code == 204
        await everything_of_a_worker(server, clock)
        assert not [found for found in await found_by(server) if found.startswith("database")]


async def everything_of_a_worker(server: Server, clock: ManualClock) -> None:
    """And of years, so that there is something to prune."""
    campus = server.campus
    await campus.worker_beats.beat()
    await campus.audit_sealing.seal(everything=True)
    await campus.key_request_errands.run_one()
    await campus.days_of_grace.end_those_over()
    clock.advance(timedelta(days=1_500))
    assert await campus.pruning.prune()
    assert await campus.audit_retention.prune()
    await campus.erasure.erase_those_due()
    await campus.audit_sealing.seal()
    assert [report.findings for report in await campus.audit_verification.verify(None, ())] == [[], []]


async def test_it_changes_no_table_and_no_line_of_the_trail(
    roles: Roles, served_by: Settings, clock: ManualClock
) -> None:
    async with serving(served_by, clock) as server:
        await Office.open(server)
        for statement in NOT_FOR_IT:
            with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
                await run(server, roles.renamed(statement))
        with pytest.raises(DBAPIError, match="append-only"):
            await run(server, "DELETE FROM audit_events")


async def run(server: Server, statement: str) -> None:
    async with server.campus.database.transaction() as session:
        await session.execute(text(statement))


async def test_tables_of_the_next_release_are_served_without_a_further_step(
    roles: Roles, served_by: Settings, clock: ManualClock
) -> None:
    """The whole schema is one, here: it goes, as for a restore, and comes again."""
    await asyncio.to_thread(make_anew, roles, served_by)
    async with serving(served_by, clock) as server:
        assert (await (await (await Office.open(server)).parent()).activate()).status_code == 201
        assert "database_role.rights" in await found_by(server), "what is for the trail alone is asked for"
    await asyncio.to_thread(roles.run, "rights.sql", roles.url("owner"))
    async with serving(served_by, clock) as server:
        assert "database_role.rights" not in await found_by(server)


def make_anew(roles: Roles, served_by: Settings) -> None:
    with closing(Cluster(roles.url("owner"))) as owner:
        owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate.upgrade(served_by.model_copy(update={"database_url": roles.url("owner")}))


async def found_by(server: Server) -> set[str]:
    return {finding.id for check in await server.campus.checkup.checks() for finding in check.findings}
