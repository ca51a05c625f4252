"""Activation keys for many at once: the office's batches, by letter or by mail, and the letters that it prints.

The keys of a batch are told once, in the answer. A repeated request (`Idempotency-Key`) gets the report without them; where the answer
was lost, its batch is revoked and another one made.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, unhurried
from app.errors import NotFound
from app.models import ActivationKey, KeyBatch, School
from app.portals import Portal
from app.services import idempotency
from app.services.clerk import Clerk
from app.services.districts import OpenDistrict, open_district
from app.services.idempotency import RepeatableRequest
from app.services.key_mail import KeyMail
from app.services.key_people import is_open, issue_alone
from app.services.keys import IssuedKey, KeyChannel, KeyIssue
from app.services.office.key_round import AT_ONCE, Round, letters_that_wait
from app.services.pages import MomentPosition, Page


@dataclass(frozen=True)
class BatchOrder:
    portal: Portal
    channel: KeyChannel = KeyChannel.LETTER
    """`letter` or `email`."""
    school_id: UUID | None = None
    """Only its people."""
    idempotency_key: str | None = None
    at_most: int = AT_ONCE
    """Letters in one answer; more are `remaining`."""
    person_id: UUID | None = None
    """Of the letters that wait only this person's."""


@dataclass(frozen=True)
class BatchReport:
    id: UUID
    portal: Portal
    channel: KeyChannel
    school_id: UUID | None
    issued: int
    remaining: int
    """Who is still without a key, and gets one with the next batch."""
    without_address: int
    limited: int
    issued_at: datetime
    keys: Sequence[IssuedKey] | None = field(default=None, repr=False)
    """None for mails, and for the report of a batch that was made before."""


_Work = Callable[[AsyncSession, OpenDistrict, KeyBatch], Awaitable[Sequence[IssuedKey]]]


@dataclass(frozen=True)
class KeyBatches:
    database: Database
    clock: Clock
    key_issue: KeyIssue
    key_mail: KeyMail

    async def issue(self, clerk: Clerk, order: BatchOrder) -> BatchReport:
        """Keys for up to 1,000 people who are eligible and have neither an account nor a live key.

        Raises:
            NotFound: there is no such school.
            FeatureDisabled: the district has closed this portal.
            IdempotencyKeyReused, IdempotencyInProgress: about the request's `Idempotency-Key`.
        """

        async def work(session: AsyncSession, district: OpenDistrict, batch: KeyBatch) -> Sequence[IssuedKey]:
            keys = await Round(self.key_issue, self.key_mail, self.clock.now(), order.at_most).run(
                session, district, batch
            )
            clerk.record(session, "keys:issued", at=batch.issued_at, **_told(batch))
            return keys

        with unhurried():
            return await self._once(clerk, "key-batch", order, work)

    async def print_letters(self, clerk: Clerk, order: BatchOrder) -> BatchReport:
        """Up to 1,000 letters that were ordered one by one and wait. Each gets its key now; nobody has seen one before.

        Raises:
            IdempotencyKeyReused, IdempotencyInProgress: about the request's `Idempotency-Key`.
        """

        async def work(session: AsyncSession, district: OpenDistrict, batch: KeyBatch) -> Sequence[IssuedKey]:
            keys = await self._print(session, district, batch, order)
            clerk.record(session, "keys:printed", at=batch.issued_at, **_told(batch))
            return keys

        with unhurried():
            return await self._once(clerk, "key-letters", order, work)

    async def page(
        self, clerk: Clerk, limit: int, after: MomentPosition | None = None
    ) -> Page[BatchReport, MomentPosition]:
        """Up to `limit` batches, newest first."""
        query = (
            select(*KeyBatch.__table__.columns)
            .where(KeyBatch.district_id == clerk.district_id)
            .order_by(KeyBatch.issued_at.desc(), KeyBatch.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(tuple_(KeyBatch.issued_at, KeyBatch.id) < after)
        async with self.database.reading() as connection:
            found = [_report(batch) for batch in await connection.execute(query)]
        return Page.of(found, limit, lambda last: (last.issued_at, last.id))

    async def revoke(self, clerk: Clerk, batch_id: UUID) -> int:
        """Takes back the keys of a batch that are still live, and says how many.

        Raises:
            NotFound: there is no such batch in the district.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            batch = await session.get(KeyBatch, batch_id)
            if batch is None or batch.district_id != clerk.district_id:
                raise NotFound
            await issue_alone(session, clerk.district_id)
            revoked = await session.scalars(
                update(ActivationKey)
                .where(ActivationKey.batch_id == batch_id, is_open(now))
                .values(revoked_at=now)
                .returning(ActivationKey.id)
                .execution_options(synchronize_session=False)
            )
            count = len(revoked.all())
            clerk.record(session, "keys:revoked", at=now, batch=str(batch_id), count=count)
            return count

    async def _once(self, clerk: Clerk, route: str, order: BatchOrder, work: _Work) -> BatchReport:
        """A new batch, or the report of the one that the same request made before."""
        request = self._repeatable(clerk, route, order)
        if request and (made := await self._begin(request)):
            async with self.database.reading() as connection:
                found = await connection.execute(select(*KeyBatch.__table__.columns).where(KeyBatch.id == made))
                return _report(found.one())
        try:
            async with self.database.transaction() as session:
                district = await open_district(session, clerk.district_id)
                district.require_portal(order.portal)
                await _require_school(session, district.id, order.school_id)
                await issue_alone(session, district.id)
                batch = _new_batch(clerk, order, self.clock.now())
                session.add(batch)
                await session.flush()
                keys = await work(session, district, batch)
                if request:
                    await idempotency.settle(session, request, key_batch_id=batch.id)
                return _report(batch, keys)
        except BaseException:
            if request:
                async with self.database.transaction() as session:
                    await idempotency.give_back(session, request)
            raise

    async def _print(
        self, session: AsyncSession, district: OpenDistrict, batch: KeyBatch, order: BatchOrder
    ) -> Sequence[IssuedKey]:
        waiting = letters_that_wait(district.id, order.portal, self.clock.now())
        if order.person_id:
            waiting = waiting.where(ActivationKey.person_id == order.person_id)
        rows = (await session.execute(waiting.limit(order.at_most).with_for_update(of=ActivationKey))).all()
        keys = [self.key_issue.rewritten(district, row) for row in rows]
        changes = [
            {
                "id": key.key_id,
                "digest": self.key_issue.digest(district.id, key.activation_key),
                "expires_at": key.expires_at,
                "batch_id": batch.id,
            }
            for key in keys
        ]
        if changes:
            await session.execute(update(ActivationKey), changes)
        left = await session.scalar(select(func.count()).select_from(waiting.order_by(None).subquery()))
        batch.issued, batch.remaining = len(keys), left or 0
        return keys

    def _repeatable(self, clerk: Clerk, route: str, order: BatchOrder) -> RepeatableRequest | None:
        if order.idempotency_key is None:
            return None
        body = {"portal": order.portal, "channel": order.channel, "school": order.school_id}
        body |= {"person": order.person_id} if order.person_id else {}
        return RepeatableRequest.of(
            self.key_issue.digests, route=f"{route}/{clerk.account_id}", key=order.idempotency_key, body=body
        )

    async def _begin(self, request: RepeatableRequest) -> UUID | None:
        async with self.database.transaction() as session:
            return await idempotency.begin(session, request, self.clock.now())


def _new_batch(clerk: Clerk, order: BatchOrder, now: datetime) -> KeyBatch:
    return KeyBatch(
        id=uuid4(),
        district_id=clerk.district_id,
        portal=order.portal.value,
        school_id=order.school_id,
        channel=order.channel.value,
        issued=0,
        remaining=0,
        without_address=0,
        limited=0,
        issued_by=clerk.account_id,
        issued_at=now,
    )


def _report(batch: Any, keys: Sequence[IssuedKey] | None = None) -> BatchReport:
    channel = KeyChannel(batch.channel)
    return BatchReport(
        id=batch.id,
        portal=Portal(batch.portal),
        channel=channel,
        school_id=batch.school_id,
        issued=batch.issued,
        remaining=batch.remaining,
        without_address=batch.without_address,
        limited=batch.limited,
        issued_at=batch.issued_at,
        keys=keys if channel is KeyChannel.LETTER else None,
    )


async def _require_school(session: AsyncSession, district_id: str, school_id: UUID | None) -> None:
    if school_id is None:
        return
    school = select(School.id).where(School.id == school_id, School.district_id == district_id)
    if await session.scalar(school) is None:
        raise NotFound


def _told(batch: KeyBatch) -> dict[str, Any]:
    return {"batch": str(batch.id), "portal": batch.portal, "channel": batch.channel, "count": batch.issued}
