"""Issuing activation keys: one for each person who may have an account and has neither an account nor a live key.

Keys exist in clear only in the hands of the caller's `deliver`, which must have them on disk before a batch counts: a crash leaves at worst
keys on paper that open nothing, never a key that nobody has. Keys of the office are made here too: `office_keys` and `key_batches`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import ActivationKey, Person
from app.portals import Portal
from app.security.activation_codes import new_activation_code, normalise_activation_code
from app.security.digests import Digests
from app.security.mailed_keys import MailedKeys
from app.services.clerk import Clerk, operator_of
from app.services.districts import OpenDistrict, open_district
from app.services.key_people import (
    IN_ORDER,
    comes_after,
    is_called,
    is_unspent,
    issue_alone,
    people,
    schools_named,
    without_way_in,
)
from app.services.portal_access import may_enter
from app.services.typed_keys import DIGEST_PURPOSE

BATCH = 500


class NobodyToIssueTo(Exception):
    """The school or the person that was named is not there, or may not have an account; the message says which."""


class KeyChannel(StrEnum):
    """How the office hands a key over. There is none by phone: nobody can see there who is calling."""

    IN_PERSON = "in_person"
    LETTER = "letter"
    EMAIL = "email"


@dataclass(frozen=True)
class Handover:
    """How a key reaches its person, and with which others."""

    channel: KeyChannel | None = None
    """None for an operator's file."""
    batch_id: UUID | None = None
    photo_id_checked: bool = False


@dataclass(frozen=True)
class IssuedKey:
    """A key in clear, on its way to paper."""

    person_id: UUID
    first_name: str
    last_name: str
    portal: Portal
    activation_key: str
    expires_at: datetime
    key_id: UUID


Deliver = Callable[[Sequence[IssuedKey]], Awaitable[None]]
Progress = Callable[[int, int], None]
"""Called with the keys issued so far and the keys expected in all."""


@dataclass(frozen=True)
class KeyIssue:
    database: Database
    clock: Clock
    digests: Digests

    async def issue(
        self,
        district_id: str,
        deliver: Deliver,
        *,
        portals: Sequence[Portal] = tuple(Portal),
        school: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> int:
        """Issues keys in batches and gives their number. `school` is a school's id, sourced id, identifier or name.

        Raises:
            DistrictNotFound: no such open district.
            NobodyToIssueTo: there is no such school.
        """
        async with self.database.reading() as connection:
            district = await open_district(connection, district_id)
            school_id = await _school_id(connection, district_id, school) if school else None
            wanted = {portal: without_way_in(district_id, portal, self.clock.now(), school_id) for portal in portals}
            counts = [
                await connection.execute(select(func.count()).select_from(Person).where(*where))
                for where in wanted.values()
            ]
            expected = sum(count.scalar_one() for count in counts)
        issued = 0
        progress(issued, expected)
        for portal, where in wanted.items():
            begin = where
            while keys := await self._issue_batch(district, portal, begin, deliver):
                issued += len(keys)
                progress(issued, max(issued, expected))
                begin = [*where, comes_after(keys[-1].last_name, keys[-1].person_id)]
        return issued

    async def replace(self, district_id: str, person: str, portal: Portal, deliver: Deliver) -> IssuedKey:
        """A new key for one person, instead of the one that was lost. `person` is the person's id or sourced id.

        For somebody who has an account it means: the same account, everything that opens it replaced when the key is used.

        Raises:
            DistrictNotFound: no such open district.
            NobodyToIssueTo: there is no such person, or the person may not enter this portal.
        """
        async with self.database.transaction() as session:
            key = await self.issue_to(session, await open_district(session, district_id), person, portal)
            await deliver([key])
            return key

    async def issue_to(
        self,
        session: AsyncSession,
        district: OpenDistrict,
        person: str | UUID,
        portal: Portal,
        *,
        clerk: Clerk | None = None,
        handover: Handover | None = None,
    ) -> IssuedKey:
        """Revokes the person's live key and makes a new one, within the caller's transaction; an operator's without `clerk`.

        Raises:
            NobodyToIssueTo: there is no such person, or the person may not enter this portal.
        """
        await issue_alone(session, district.id)
        wanted = (Person.district_id == district.id, is_called(person), may_enter(portal))
        row = (await session.execute(people().where(*wanted))).first()
        if row is None:
            raise NobodyToIssueTo(
                f"there is nobody {str(person)!r} in {district.id} who may have an account in the {portal} portal"
            )
        handover = handover or Handover()
        (key,) = await self.make(session, district, portal, [row], handover)
        (clerk or operator_of(district.id)).record(
            session,
            "key:issued",
            at=self.clock.now(),
            person_id=key.person_id,
            key=str(key.key_id),
            portal=portal.value,
            channel=handover.channel,
            photo_id_checked=handover.photo_id_checked,
        )
        return key

    async def make(
        self, session: AsyncSession, district: OpenDistrict, portal: Portal, who: Sequence[Any], handover: Handover
    ) -> list[IssuedKey]:
        """A key for each of `who` (rows of `people`), instead of one that may be live. The caller issues alone, and writes the audit trail."""
        now = self.clock.now()
        await session.execute(
            update(ActivationKey)
            .where(
                ActivationKey.person_id.in_([row.id for row in who]),
                ActivationKey.portal == portal.value,
                is_unspent(),
            )
            .values(revoked_at=now)
            .execution_options(synchronize_session=False)
        )
        expires_at = self.expires_at(district)
        keys = [self._key(row, portal, expires_at, handover.channel) for row in who]
        usernames = {row.id: row.staff_username for row in who} if portal is Portal.STAFF else {}
        common = {"district_id": district.id, "issued_at": now, "batch_id": handover.batch_id}
        rows = [
            {
                **common,
                "id": key.key_id,
                "person_id": key.person_id,
                "portal": portal.value,
                "digest": self.digest(district.id, key.activation_key),
                "username": usernames.get(key.person_id),
                "expires_at": expires_at,
                "channel": handover.channel,
            }
            for key in keys
        ]
        await session.execute(insert(ActivationKey), rows)
        return keys

    def rewritten(self, district: OpenDistrict, row: Any) -> IssuedKey:
        """A fresh key for a row that has one which nobody has seen (`id`, `person_id`, names, `portal`); the caller writes it there."""
        code, portal = new_activation_code(), Portal(row.portal)
        return IssuedKey(
            row.person_id, row.first_name, row.last_name, portal, code, self.expires_at(district), key_id=row.id
        )

    def expires_at(self, district: OpenDistrict) -> datetime:
        """Of a key that is made now."""
        return self.clock.now() + timedelta(days=district.settings.activation_key.days)

    def digest(self, district_id: str, activation_key: str) -> str:
        """What is stored of a key."""
        return self.digests.digest(DIGEST_PURPOSE, district_id, normalise_activation_code(activation_key))

    def _key(self, row: Any, portal: Portal, expires_at: datetime, channel: KeyChannel | None) -> IssuedKey:
        key_id = uuid4()
        is_mailed = channel is KeyChannel.EMAIL
        code = MailedKeys(self.digests).issue(key_id) if is_mailed else new_activation_code()
        return IssuedKey(row.id, row.first_name, row.last_name, portal, code, expires_at, key_id)

    async def _issue_batch(
        self, district: OpenDistrict, portal: Portal, where: Sequence[ColumnElement[bool]], deliver: Deliver
    ) -> list[IssuedKey]:
        async with self.database.transaction() as session:
            await issue_alone(session, district.id)
            who = (await session.execute(people().where(*where).order_by(*IN_ORDER).limit(BATCH))).all()
            if not who:
                return []
            keys = await self.make(session, district, portal, who, Handover())
            operator_of(district.id).record(
                session, "keys:issued", at=self.clock.now(), portal=portal.value, count=len(keys)
            )
            await deliver(keys)
            return keys


async def _school_id(connection: AsyncConnection, district_id: str, named: str) -> UUID:
    found = await schools_named(connection, district_id, named)
    if len(found) != 1:
        raise NobodyToIssueTo(
            f"there {'is no school' if not found else 'are several schools'} {named!r} in {district_id}"
        )
    return found[0]
