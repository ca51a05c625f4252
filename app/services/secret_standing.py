"""What still hangs on which secret key, and until when: whether an older key may be taken out of the list."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import Clock
from app.database import Database
from app.models import KnownDevice, MailedLink
from app.security.digests import STEADY, Digests
from app.services.kept_keys import KeptKeyStore
from app.services.keyed_tables import SEALED, Digested, Sealed, Way, digested

Standing = Literal["newest", "older", "kept", "unknown"]
"""Listed first; listed behind it; not listed, but kept as much as digests need; neither."""
_PAGE = 1_000


@dataclass(frozen=True)
class Hanging:
    what: str
    """The table."""
    count: int
    way: Way
    until: datetime | None = None
    """When the last of them ends by itself."""


@dataclass
class KeyStanding:
    key: str
    standing: Standing
    kept_at: datetime | None = None
    hanging: list[Hanging] = field(default_factory=list)

    @property
    def wants_reseal(self) -> bool:
        return self.standing == "older" and (self.kept_at is None or any(each.way == "reseal" for each in self.hanging))

    @property
    def may_go_at(self) -> datetime | None:
        """When the last of what ends by itself has ended."""
        return max((each.until for each in self.hanging if each.way == "ends" and each.until), default=None)

    @property
    def may_go(self) -> bool:
        """Nobody notices when this older key is taken out of the list now."""
        return self.standing == "older" and not self.wants_reseal and not any(h.way == "ends" for h in self.hanging)


@dataclass(frozen=True)
class SecretStanding:
    database: Database
    clock: Clock
    digests: Digests
    kept_keys: KeptKeyStore

    async def keys(self) -> list[KeyStanding]:
        """Newest first; what hangs on no key that is listed or kept stands at the end."""
        kept_since, kept = await self.kept_keys.kept_since(), await self.kept_keys.read()
        listed = self.digests.key_ids
        found = {key: KeyStanding(key, "older", kept_since.get(key)) for key in listed}
        found[listed[0]].standing = "newest"
        found |= {key: KeyStanding(key, "kept", kept_since[key]) for key in kept if key not in {*found, STEADY}}
        async with self.database.reading() as connection:
            for key, hanging in [
                *[each for source in digested(self.clock.now()) for each in await _counted(connection, source)],
                *[each for sealed in SEALED for each in await self._sealed(connection, sealed)],
                *await self._mailed(connection, found.values()),
            ]:
                found.setdefault(key, KeyStanding(key, "unknown")).hanging.append(hanging)
        return list(found.values())

    async def _sealed(self, connection: AsyncConnection, sealed: Sealed) -> list[tuple[str, Hanging]]:
        """Nothing names the key of what is sealed, so each is tried."""
        counts: dict[str, int] = {}
        query = select(sealed.key, *sealed.columns).order_by(sealed.key).limit(_PAGE)
        if len(self.digests.key_ids) > 1:
            query = query.where(sealed.may_be_older(self.digests.key_ids[0]))
        after = None
        while rows := (await connection.execute(query if after is None else query.where(sealed.key > after))).all():
            for text in (text for row in rows for text in row[1:] if text is not None):
                by = self.digests.sealed_by(text) or "unknown"
                counts[by] = counts.get(by, 0) + 1
            after = rows[-1][0]
        return [(key, Hanging(sealed.name, count, "reseal")) for key, count in counts.items()]

    async def _mailed(self, connection: AsyncConnection, keys: Collection[KeyStanding]) -> list[tuple[str, Hanging]]:
        """Links and device tokens name no key: what is older than the day on which a key was last used may be made under it."""
        older = [each for each in keys if each.standing == "older" and each.kept_at]
        found: list[tuple[str, Hanging]] = []
        for each in older:
            live = and_(MailedLink.used_at.is_(None), MailedLink.revoked_at.is_(None))
            when = (MailedLink.created_at <= each.kept_at, MailedLink.expires_at > self.clock.now())
            links = select(func.count(), func.max(MailedLink.expires_at)).where(live, *when)
            seen = (KnownDevice.revoked_at.is_(None), KnownDevice.last_seen_at <= each.kept_at)
            devices = select(func.count()).select_from(KnownDevice).where(*seen)
            count, until = (await connection.execute(links)).one()
            found.append((each.key, Hanging("mailed_links", count, "ends", until)))
            found.append(
                (each.key, Hanging("known_devices", (await connection.execute(devices)).scalar_one(), "given_up"))
            )
        return [(key, hanging) for key, hanging in found if hanging.count]


async def _counted(connection: AsyncConnection, source: Digested) -> list[tuple[str, Hanging]]:
    key_id = func.substr(source.digest, 1, 8)
    until = func.max(source.until) if source.until is not None else literal(None)
    query = select(key_id, func.count(), until).select_from(source.table).where(source.live).group_by(key_id)
    return [
        (key, Hanging(source.name, count, source.way, last)) for key, count, last in await connection.execute(query)
    ]
