"""Asking for an activation key with facts about a student.

The guard has taken a guess from the number's budget, whether or not there is such a student. By mail, which is the default, the request
is kept as it is and the answer is the same for everybody: the worker finds out whose it was, and where the key goes. On the screen, where
a district has chosen that, the guardian's own name is one of the facts, and nobody who has an account gets a key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, KeyRequestNotMatched, ValidationFailed
from app.models import KeyRequest, Person
from app.portals import Portal
from app.security.digests import Digests
from app.services import audit
from app.services.clerk import service_of
from app.services.district_settings import GUARDIAN_NAMES, KeyRequestPolicy
from app.services.districts import OpenDistrict
from app.services.families import guardians_of, without_account
from app.services.guard import Admission
from app.services.guess_budgets import GuessBudgets
from app.services.keys import IssuedKey, KeyIssue, NobodyToIssueTo
from app.services.roster import SSN_PURPOSE
from app.services.student_facts import alike, spellings
from app.translation import msg

SSN_DIGITS = 4
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_NOBODY = UUID(int=0)
"""Whose guardians are looked for where there is no student: as much work as for one."""


@dataclass(frozen=True)
class KeyRequestFacts:
    """What somebody typed; the district says which of them count."""

    student_number: str
    ssn_last4: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    guardian_first_name: str | None = field(default=None, repr=False)
    guardian_last_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Family:
    """Whom the facts fit: a student, and those guardians who have the name that was asked for."""

    student_id: UUID | None = None
    guardians: Sequence[Row[Any]] = ()


@dataclass(frozen=True)
class KeyRequests:
    database: Database
    clock: Clock
    digests: Digests
    key_issue: KeyIssue
    budgets: GuessBudgets

    async def ask(self, facts: KeyRequestFacts, admission: Admission) -> IssuedKey | None:
        """Keeps the request, for the worker; or gives the key, where the district shows it on the screen.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            ValidationFailed: a fact that the district asks for is missing, or more of an SSN than four digits was typed.
            KeyRequestNotMatched: on the screen only; a fact is wrong, or there were too many guesses.
        """
        district, now = admission.district, self.clock.now()
        district.require_no_maintenance(now)
        district.require("key_request", now)
        district.require("activation", now)
        district.require_portal(Portal.PARENT)
        policy = district.settings.key_request
        _check_fields(facts, policy)
        admission.close()
        async with self.database.reading() as connection:
            family = await self._compare(connection, district, facts)
        if admission.is_exhausted:
            family = _Family()
        if policy.delivery == "display":
            return await self._show(family, admission)
        await self._keep(family, district)
        return None

    async def _compare(self, connection: AsyncConnection, district: OpenDistrict, facts: KeyRequestFacts) -> _Family:
        """Every fact is compared, whichever was wrong, and with the same statements."""
        asked = district.settings.key_request.asked
        rows: list[Any] = list(await connection.execute(_students(district, facts.student_number)))
        student = rows[0] if len(rows) == 1 else None
        guardians: Sequence[Row[Any]] = []
        if set(GUARDIAN_NAMES) & set(asked):
            found = await connection.execute(guardians_of(student.id if student else _NOBODY))
            guardians = [guardian for guardian in found if _is_named(guardian, facts, asked)]
        fits = [
            "ssn_last4" not in asked or self._has_digits(district, student, facts.ssn_last4 or ""),
            "birth_date" not in asked or (student is not None and student.birth_date == facts.birth_date),
            not set(GUARDIAN_NAMES) & set(asked) or bool(guardians),
        ]
        return _Family(student.id, guardians) if student is not None and all(fits) else _Family()

    def _has_digits(self, district: OpenDistrict, student: Row[Any] | None, digits: str) -> bool:
        """Compared as keyed digests, bound to district and student; for an unknown number just as long."""
        sourced_id = student.sourced_id if student else ""
        typed = self.digests.candidates(SSN_PURPOSE, district.id, sourced_id, digits.strip())
        return student is not None and student.ssn_last4_digest in typed

    async def _keep(self, family: _Family, district: OpenDistrict) -> None:
        """The same rows for everybody."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            session.add(
                KeyRequest(district_id=district.id, student_id=family.student_id, requested_at=now, state="new")
            )
            service_of(district.id, "api").record(session, "key_request:received", at=now)

    async def _show(self, family: _Family, admission: Admission) -> IssuedKey:
        """For the one guardian of this name who has no account."""
        district = admission.district
        entitled = [guardian for guardian in family.guardians if guardian.may_get_key]
        async with self.database.transaction() as session:
            key = None
            if family.student_id and len(entitled) == 1:
                key = await self._issue(session, district, family.student_id, entitled[0].id)
            if key:
                if admission.guessed_at:
                    await self.budgets.give_back(session, admission.guessed_at)
                return key
            audit.record(
                session,
                "api:key_request:refused",
                at=self.clock.now(),
                actor=audit.ANONYMOUS,
                district_id=district.id,
                data={"reason": "exhausted" if admission.is_exhausted else "not_matched"},
            )
        raise KeyRequestNotMatched

    async def _issue(
        self, session: AsyncSession, district: OpenDistrict, student_id: UUID, guardian_id: UUID
    ) -> IssuedKey | None:
        """None where the guardian has made an account, or lost access, a moment ago."""
        if guardian_id not in {row.id for row in await without_account(session, district.id, student_id)}:
            return None
        clerk, now = service_of(district.id, "api"), self.clock.now()
        try:
            key = await self.key_issue.issue_to(session, district, guardian_id, Portal.PARENT, clerk=clerk)
        except NobodyToIssueTo:
            return None
        session.add(
            KeyRequest(
                district_id=district.id,
                student_id=student_id,
                requested_at=now,
                state="displayed",
                keys=1,
                handled_at=now,
            )
        )
        return key


def _students(district: OpenDistrict, number: str) -> Select[*tuple[Any, ...]]:
    return select(Person.id, Person.sourced_id, Person.birth_date, Person.ssn_last4_digest).where(
        Person.district_id == district.id,
        Person.student_number.in_(spellings(number)),
        Person.is_student.is_(True),
        Person.ended_at.is_(None),
    )


def _is_named(guardian: Row[Any], facts: KeyRequestFacts, asked: Sequence[str]) -> bool:
    """Whether the guardian has the names that the district asks for."""
    stored = dict(zip(GUARDIAN_NAMES, (guardian.first_name, guardian.last_name), strict=True))
    return all(alike(name, getattr(facts, which) or "") for which, name in stored.items() if which in asked)


def _check_fields(facts: KeyRequestFacts, policy: KeyRequestPolicy) -> None:
    """Raises ValidationFailed with every fault."""
    missing = msg("This district asks for this, too.")
    errors = [FieldError("/" + name, "missing", missing) for name in policy.asked if not getattr(facts, name)]
    digits = facts.ssn_last4 or ""
    if sum(map(str.isdigit, digits)) > SSN_DIGITS:
        detail = msg("Type only the last four digits. Never send a whole social security number.")
        errors.append(FieldError("/ssn_last4", "ssn_last4_only", detail))
    elif digits and not _FOUR_DIGITS.fullmatch(digits.strip()):
        errors.append(FieldError("/ssn_last4", "ssn_last4_digits", msg("Type four digits.")))
    if errors:
        raise ValidationFailed(errors)
