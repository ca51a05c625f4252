"""What the worker does with requests for a key: find out whose they are, and send keys to the addresses of the roster."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import KeyRequest, Person
from app.portals import Portal
from app.services.clerk import service_of
from app.services.districts import OpenDistrict, open_district
from app.services.families import without_account
from app.services.guard import KEY_REQUEST
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.key_mail import KeyMail
from app.services.keys import Handover, KeyChannel, KeyIssue, NobodyToIssueTo


@dataclass(frozen=True)
class KeyRequestErrands:
    database: Database
    clock: Clock
    key_issue: KeyIssue
    key_mail: KeyMail
    budgets: GuessBudgets

    async def run_one(self) -> bool:
        """Handles the oldest new request, in one transaction or not at all; False where there is none.

        Any number of workers may call it: a request that another one has in hand is passed over.
        """
        async with self.database.transaction() as session:
            request = await session.scalar(
                select(KeyRequest)
                .where(KeyRequest.state == "new")
                .order_by(KeyRequest.requested_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if request is None:
                return False
            if request.student_id is None:
                request.state = "nobody"
            else:
                await self._help(session, request, request.student_id)
            return True

    async def _help(self, session: AsyncSession, request: KeyRequest, student_id: UUID) -> None:
        """A key to each guardian without an account who has an address; where none can be sent, the office takes over."""
        now = self.clock.now()
        district = await open_district(session, request.district_id)
        guardians = await without_account(session, district.id, student_id)
        await self._give_guess_back(session, district.id, student_id)
        sent = [await self._send_key(session, district, guardian, now) for guardian in guardians]
        what = "mailed" if any(sent) else "waiting"
        if what == "waiting" and await _is_waiting(session, student_id):
            what = "repeated"
            await session.delete(request)
        else:
            request.state, request.keys = what, sum(sent)
            request.handled_at = now if any(sent) else None
        clerk = service_of(district.id, "worker")
        clerk.record(session, f"key_request:{what}", at=now, person_id=student_id, keys=sum(sent))

    async def _send_key(self, session: AsyncSession, district: OpenDistrict, guardian: Row[Any], now: datetime) -> bool:
        """False where there is no address, or it has had enough mails today."""
        if not guardian.email or not await self.key_mail.admits(session, district, guardian.email, now):
            return False
        clerk, by_mail = service_of(district.id, "worker"), Handover(KeyChannel.EMAIL)
        try:
            key = await self.key_issue.issue_to(
                session, district, guardian.id, Portal.PARENT, clerk=clerk, handover=by_mail
            )
        except NobodyToIssueTo:  # since a moment ago
            return False
        self.key_mail.promise(session, district, key, now)
        return True

    async def _give_guess_back(self, session: AsyncSession, district_id: str, student_id: UUID) -> None:
        """The facts were right. Not in the request itself, whose cost would tell."""
        number = await session.scalar(select(Person.student_number).where(Person.id == student_id))
        await self.budgets.give_back(session, GuessSubject.student(KEY_REQUEST.action, district_id, number or ""))


async def _is_waiting(session: AsyncSession, student_id: UUID) -> bool:
    """Whether the office has a request for this student before it already: one is enough, however often the family asks."""
    waiting = exists().where(KeyRequest.student_id == student_id, KeyRequest.state == "waiting")
    return bool(await session.scalar(select(waiting)))
