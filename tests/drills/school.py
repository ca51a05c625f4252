"""A served district of 8,000 parents with accounts, and how many passwords its server verifies."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import func, select, update

from app.composition import open_campus
from app.database import Database
from app.models import Account, AuditEvent
from app.security.passwords import PasswordHasher
from app.settings import Settings, load_settings
from tests.bench import district
from tests.bench.databases import production
from tests.support.portal import hashes_in
from tests.support.served import NO_TLS, Served, served
from tests.support.shell import Shell

SCHOOL_NETWORK = "127.0.0.2"
"""Registered with the district; every other address of this machine is somebody's at home."""
PATIENCE_S = 120
WEAK = "Autumn2026leaves"
"""The password of those who chose it themselves; the others share one that nobody guesses."""


@dataclass(frozen=True)
class Verified:
    """What the server did with passwords."""

    hashes: int
    """Computed, those for nobody included: `campus_password_hashes_total`."""
    wrong: int
    """Verified and found wrong, of known and unknown names: the audit."""
    right: int

    def __sub__(self, before: "Verified") -> "Verified":
        return Verified(self.hashes - before.hashes, self.wrong - before.wrong, self.right - before.right)


@dataclass(frozen=True)
class School:
    served: Served
    settings: Settings

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser at an address of this machine's loopback network."""
        transport = httpx.AsyncHTTPTransport(local_address=address, verify=NO_TLS)
        async with httpx.AsyncClient(transport=transport, base_url=self.served.url, timeout=PATIENCE_S) as http:
            yield http

    async def verified(self) -> Verified:
        """Until now."""
        async with self.at("127.0.0.1") as http:
            hashes = hashes_in((await http.get("/metrics")).text)
        database = Database(self.settings)
        try:
            async with database.reading() as connection:
                counted = select(AuditEvent.tag, func.count().label("events")).group_by(AuditEvent.tag)
                tags = {row.tag: row.events for row in await connection.execute(counted)}
        finally:
            await database.close()
        return Verified(hashes, tags.get("api:session:refused", 0), tags.get("api:session:started", 0))


@contextmanager
def school(database_url: str, folder: Path, *weak: str) -> Iterator[School]:
    """Over a migrated and empty database. The parents with the usernames `weak` have chosen a weak password."""
    environment = production(database_url)
    settings = load_settings(environment)
    asyncio.run(_fill(settings, district.write_roster(folder / "roster"), weak))
    with served(Shell(folder, environment)) as server:
        yield School(server, settings)


async def _fill(settings: Settings, package: Path, weak: tuple[str, ...]) -> None:
    async with open_campus(settings) as campus:
        await district.open_district(campus)
        await campus.district_office.set(district.DISTRICT, [f"networks.shared={SCHOOL_NETWORK}/32"])
        await district.seconds_to_import(campus, package)
        await district.give_accounts(campus)
        async with campus.database.transaction() as session:
            chosen = update(Account).where(Account.username_folded.in_(weak))
            await session.execute(chosen.values(password_hash=PasswordHasher().hash(WEAK)))
