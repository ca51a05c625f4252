"""Claiming a student's account, first step: name and number, and a ticket for whoever has them right.

The guard has taken a guess from the number's budget, whether or not there is such a student; facts that are all right give it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import AlreadyClaimed, ClaimNotMatched, ClaimTooEarly, FieldError, ValidationFailed
from app.models import Account, Person
from app.portals import Portal
from app.services import audit
from app.services.challenge_questions import Question, answers_needed, questions_of
from app.services.claim_tickets import LASTS, ClaimTickets
from app.services.credential_policy import claimed_username
from app.services.district_settings import ClaimPolicy
from app.services.districts import OpenDistrict
from app.services.guard import CLAIM, Admission
from app.services.portal_access import may_enter
from app.services.student_facts import alike, same, spellings
from app.text import bare_number, fold
from app.translation import msg

BUDGET = CLAIM.action


@dataclass(frozen=True)
class ClaimRequest:
    last_name: str
    first_name: str
    student_number: str
    birth_date: date | None = None


@dataclass(frozen=True)
class ClaimOffer:
    """What a student gets who gave every fact right."""

    ticket: str
    username: str
    questions: Sequence[Question]
    answers_needed: int
    expires_in: int
    """Seconds."""


@dataclass(frozen=True)
class Claim:
    database: Database
    clock: Clock
    tickets: ClaimTickets

    async def begin(self, request: ClaimRequest, admission: Admission) -> ClaimOffer:
        """A ticket for the second step; nothing of the student changes.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            ValidationFailed: a number with the S of the username, or no birth date where the district asks for it.
            ClaimNotMatched: a fact is wrong, or there were too many guesses; costs the same whichever it was.
            AlreadyClaimed, ClaimTooEarly: the guess is given back; only for somebody who gave every fact right.
        """
        district, now = admission.district, self.clock.now()
        district.require_no_maintenance(now)
        district.require("claim", now)
        district.require_portal(Portal.STUDENT)
        _check_fields(request, district.settings.claim)
        async with self.database.reading() as connection:
            student = await _find(connection, district, request)
        is_right = student is not None and _fits(student, request, district.settings.claim)
        if student is None or not is_right or admission.is_exhausted:
            admission.close()
            await self._record_refusal(admission)
            raise ClaimNotMatched
        _refuse_claimed(student)
        _refuse_early(student, district, now)
        return await self._offer(student, district, now)

    async def _offer(self, student: Row[Any], district: OpenDistrict, now: datetime) -> ClaimOffer:
        username = student.username or claimed_username(student.student_number)
        async with self.database.transaction() as session:
            if await _is_taken(session, district, username, student):
                raise AlreadyClaimed
            ticket = self.tickets.issue(session, student.id, now)
        return ClaimOffer(
            ticket=ticket,
            username=username,
            questions=questions_of(district.settings),
            answers_needed=answers_needed(district.settings),
            expires_in=int(LASTS.total_seconds()),
        )

    async def _record_refusal(self, admission: Admission) -> None:
        """Without the student, so that a known number leaves the same row as an unknown one."""
        async with self.database.transaction() as session:
            audit.record(
                session,
                "api:claim:refused",
                at=self.clock.now(),
                actor="anonymous",
                district_id=admission.district.id,
                data={"reason": "exhausted" if admission.is_exhausted else "not_matched"},
            )


def has_been_claimed(student: Any) -> bool:
    """Whether there is an account that the office has not opened for another claim, or has switched off."""
    return student.account_id is not None and (student.claim_reopened_at is None or student.disabled_at is not None)


def _check_fields(request: ClaimRequest, policy: ClaimPolicy) -> None:
    errors = []
    number = bare_number(request.student_number)
    if number[:1] == "s" and number[1:].isdecimal():
        detail = msg("Type the number without the S; the S belongs to the username.")
        errors.append(FieldError("/student_number", "student_number_has_prefix", detail))
    if "birth_date" in policy.fields and request.birth_date is None:
        errors.append(FieldError("/birth_date", "missing", msg("This district asks for the birth date, too.")))
    if errors:
        raise ValidationFailed(errors)


async def _find(connection: AsyncConnection, district: OpenDistrict, request: ClaimRequest) -> Row[Any] | None:
    """The student of this number; None where there is none, or (a roster's fault) where there are several."""
    number, is_exact = request.student_number, district.settings.claim.match == "exact"
    found = await connection.execute(
        select(
            Person.id,
            Person.first_name,
            Person.last_name,
            Person.student_number,
            Person.birth_date,
            Person.first_seen_at,
            Person.in_first_import,
            Account.id.label("account_id"),
            Account.username,
            Account.claim_reopened_at,
            Account.disabled_at,
        )
        .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == Portal.STUDENT.value))
        .where(
            Person.district_id == district.id,
            Person.student_number.in_([number.strip()] if is_exact else spellings(number)),
            may_enter(Portal.STUDENT),
        )
    )
    rows: list[Any] = list(found)
    return rows[0] if len(rows) == 1 else None


def _fits(student: Row[Any], request: ClaimRequest, policy: ClaimPolicy) -> bool:
    """Every fact is compared, whichever was wrong."""
    fits = same if policy.match == "exact" else alike
    return all(
        [
            fits(student.last_name, request.last_name),
            fits(student.first_name, request.first_name),
            "birth_date" not in policy.fields or student.birth_date == request.birth_date,
        ]
    )


async def _is_taken(session: AsyncSession, district: OpenDistrict, username: str, student: Row[Any]) -> bool:
    """Whether somebody else has this username: two numbers of a roster may differ by a leading zero alone."""
    others = select(Account.id).where(
        Account.district_id == district.id,
        Account.portal == Portal.STUDENT.value,
        Account.username_folded == fold(username),
        Account.person_id != student.id,
    )
    return await session.scalar(others) is not None


def _refuse_claimed(student: Row[Any]) -> None:
    if has_been_claimed(student):
        raise AlreadyClaimed


def _refuse_early(student: Row[Any], district: OpenDistrict, now: datetime) -> None:
    """Students of a district's first roster count as entered long ago; one whose claim the office reopened need not wait again."""
    available_at = student.first_seen_at + timedelta(hours=district.settings.claim.delay_hours)
    if not student.in_first_import and student.account_id is None and available_at > now:
        raise ClaimTooEarly(available_at)
