"""One round of a batch: who gets a key now, by letter or by mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Account, ActivationKey, KeyBatch, Person
from app.portals import Portal
from app.services.districts import OpenDistrict
from app.services.key_mail import KeyMail
from app.services.key_people import IN_ORDER, comes_after, is_open, people, without_way_in
from app.services.keys import BATCH, Handover, IssuedKey, KeyChannel, KeyIssue
from app.services.portal_access import may_enter
from app.text import fold_address

AT_ONCE = 1_000
"""Keys in one answer."""


@dataclass
class Round:
    key_issue: KeyIssue
    key_mail: KeyMail
    now: datetime
    at_most: int = AT_ONCE
    _full: set[str] = field(default_factory=set)
    """Addresses that have had enough today."""

    async def run(self, session: AsyncSession, district: OpenDistrict, batch: KeyBatch) -> Sequence[IssuedKey]:
        """Issues the keys and fills in the batch's numbers. The caller issues alone."""
        portal, by_mail = Portal(batch.portal), batch.channel == KeyChannel.EMAIL
        where = without_way_in(district.id, portal, self.now, batch.school_id)
        everybody = await _count(session, where)
        where = [*where, _has_address()] if by_mail else where
        reachable = await _count(session, where) if by_mail else everybody
        chosen = (
            await self._choose(session, district, where, batch)
            if by_mail
            else await _first(session, where, self.at_most)
        )
        handover = Handover(KeyChannel(batch.channel), batch.id)
        keys = await self.key_issue.make(session, district, portal, chosen, handover) if chosen else []
        for key in keys if by_mail else ():
            self.key_mail.promise(session, district, key, self.now)
        batch.issued, batch.without_address = len(keys), everybody - reachable
        batch.remaining = reachable - batch.issued - batch.limited
        return keys

    async def _choose(
        self, session: AsyncSession, district: OpenDistrict, where: Sequence[ColumnElement[bool]], batch: KeyBatch
    ) -> list[Row[Any]]:
        """Goes on past those whose address has had enough today: it may be one for half of the school."""
        chosen: list[Row[Any]] = []
        limited, begin = 0, where
        while some := await _first(session, begin, limit=BATCH):
            for row in some:
                if len(chosen) == AT_ONCE:
                    break
                if await self._admits(session, district, row.email):
                    chosen.append(row)
                else:
                    limited += 1
            if len(chosen) == AT_ONCE:
                break
            begin = [*where, comes_after(some[-1].last_name, some[-1].id)]
        batch.limited = limited
        return chosen

    async def _admits(self, session: AsyncSession, district: OpenDistrict, address: str) -> bool:
        folded = fold_address(address)
        if folded not in self._full and not await self.key_mail.admits(session, district, address, self.now):
            self._full.add(folded)
        return folded not in self._full


def letters_that_wait(district_id: str, portal: Portal, now: datetime) -> Select[*tuple[Any, ...]]:
    """Live keys for letters that were ordered one by one and are not printed yet, whose people may use them."""
    disabled = select(Account.id).where(
        Account.person_id == Person.id, Account.portal == portal.value, Account.disabled_at.is_not(None)
    )
    return (
        select(ActivationKey.id, ActivationKey.person_id, ActivationKey.portal, Person.first_name, Person.last_name)
        .join(Person, Person.id == ActivationKey.person_id)
        .where(
            ActivationKey.district_id == district_id,
            ActivationKey.portal == portal.value,
            ActivationKey.channel == KeyChannel.LETTER.value,
            ActivationKey.batch_id.is_(None),
            is_open(now),
            may_enter(portal),
            ~disabled.exists(),
        )
        .order_by(*IN_ORDER)
    )


async def _count(session: AsyncSession, where: Sequence[ColumnElement[bool]]) -> int:
    return await session.scalar(select(func.count()).select_from(Person).where(*where)) or 0


async def _first(session: AsyncSession, where: Sequence[ColumnElement[bool]], limit: int = AT_ONCE) -> list[Row[Any]]:
    return list((await session.execute(people().where(*where).order_by(*IN_ORDER).limit(limit))).all())


def _has_address() -> ColumnElement[bool]:
    return and_(Person.email.is_not(None), Person.email != "")
