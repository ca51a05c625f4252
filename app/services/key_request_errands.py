"""What the worker does with requests for a key: find out whose they are, and send keys to the addresses of the roster."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import KeyRequest, Person
from app.portals import Portal
from app.services.clerk import service_of
from app.services.districts import OpenDistrict, open_district
from app.services.guard import KEY_REQUEST
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.key_mail import KeyMail
from app.services.key_requests import guardians_without_account
from app.services.keys import Handover, KeyChannel, KeyIssue


@dataclass(frozen=True)
class KeyRequestErrands:
    database: Database
    clock: Clock
    key_issue: KeyIssue
    key_mail: KeyMail
    budgets: GuessBudgets

    async def run_one(self) -> bool:
        """Handles the oldest new request, in one transaction or not at all; False where there is none."""
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
                await self._send_keys(session, request)
            return True

    async def _send_keys(self, session: AsyncSession, request: KeyRequest) -> None:
        """One to each guardian without an account who has an address; where none can be sent, the office takes over."""
        now = self.clock.now()
        district = await open_district(session, request.district_id)
        await self._give_guess_back(session, request)
        for guardian in (await session.execute(guardians_without_account(request.student_id))).all():
            if await self._can_be_mailed(session, district, guardian, now):
                key = await self.key_issue.issue_to(
                    session,
                    district,
                    guardian.id,
                    Portal.PARENT,
                    clerk=service_of(district.id, "worker"),
                    handover=Handover(KeyChannel.EMAIL),
                )
                self.key_mail.promise(session, district, key, now)
                request.keys += 1
        request.state = "mailed" if request.keys else "waiting"
        service_of(district.id, "worker").record(
            session, f"key_request:{request.state}", at=now, person_id=request.student_id, keys=request.keys
        )

    async def _can_be_mailed(
        self, session: AsyncSession, district: OpenDistrict, guardian: Row[Any], now: datetime
    ) -> bool:
        return bool(guardian.email) and await self.key_mail.admits(session, district, guardian.email, now)

    async def _give_guess_back(self, session: AsyncSession, request: KeyRequest) -> None:
        """The facts were right. Not in the request itself, whose cost would tell."""
        number = await session.scalar(select(Person.student_number).where(Person.id == request.student_id))
        subject = GuessSubject.student(KEY_REQUEST.action, request.district_id, number or "")
        await self.budgets.give_back(session, subject)
