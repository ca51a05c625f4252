"""Asking for an activation key with facts about a student.

The guard has taken a guess from the number's budget, whether or not there is such a student. By mail, which is the default, the request
is kept as it is and the answer is the same for everybody: the worker finds out whose it was, and where the key goes. On the screen, where
a district has chosen that, the guardian's own name is one of the facts, and nobody who has an account gets a key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import FieldError, KeyRequestNotMatched, ValidationFailed
from app.models import Account, KeyRequest, Person, Relationship
from app.portals import Portal
from app.security.digests import Digests
from app.services import audit
from app.services.clerk import service_of
from app.services.district_settings import KeyRequestPolicy
from app.services.districts import OpenDistrict
from app.services.guard import Admission
from app.services.keys import IssuedKey, KeyIssue
from app.services.portal_access import may_enter
from app.services.roster import SSN_PURPOSE
from app.services.student_facts import alike, spellings
from app.translation import msg

DISPLAY = "display"
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_WHOLE_SSN = re.compile(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}")


@dataclass(frozen=True)
class KeyRequestFacts:
    """What somebody typed; the district says which of them count."""

    student_number: str
    ssn_last4: str | None = None
    birth_date: date | None = None
    guardian_first_name: str | None = None
    guardian_last_name: str | None = None


@dataclass(frozen=True)
class KeyRequests:
    database: Database
    clock: Clock
    digests: Digests
    key_issue: KeyIssue

    async def ask(self, facts: KeyRequestFacts, admission: Admission) -> IssuedKey | None:
        """Keeps the request, for the worker; or gives the key, where the district shows it on the screen.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            ValidationFailed: a fact that the district asks for is missing, or more of an SSN than four digits was typed.
            KeyRequestNotMatched: on the screen only; a fact is wrong, or there were too many guesses.
        """
        district = admission.district
        district.require_no_maintenance(self.clock.now())
        district.require("key_request")
        district.require("activation")
        district.require_portal(Portal.PARENT)
        policy = district.settings.key_request
        _check_fields(facts, policy)
        async with self.database.reading() as connection:
            student = await self._student(connection, district, facts)
        if admission.is_exhausted:
            student = None
        if policy.delivery == DISPLAY:
            return await self._show(district, student, facts, admission)
        admission.close()
        async with self.database.transaction() as session:
            self._keep(session, district, student)
        return None

    async def _student(
        self, connection: AsyncConnection, district: OpenDistrict, facts: KeyRequestFacts
    ) -> Row[Any] | None:
        """The student whom every fact of hers fits; every one is compared, whichever was wrong."""
        rows: list[Any] = list(await connection.execute(_students(district, facts.student_number)))
        student = rows[0] if len(rows) == 1 else None
        asked = district.settings.key_request.fields
        fits = [
            "ssn_last4" not in asked or self._has_digits(district, student, facts.ssn_last4 or ""),
            "birth_date" not in asked or (student is not None and student.birth_date == facts.birth_date),
        ]
        return student if student is not None and all(fits) else None

    def _has_digits(self, district: OpenDistrict, student: Row[Any] | None, digits: str) -> bool:
        """Compared as keyed digests, bound to district and student; for an unknown number just as long."""
        sourced_id = student.sourced_id if student else ""
        typed = self.digests.candidates(SSN_PURPOSE, district.id, sourced_id, digits)
        return student is not None and student.ssn_last4_digest in typed

    def _keep(self, session: AsyncSession, district: OpenDistrict, student: Row[Any] | None) -> None:
        """The same rows for everybody."""
        now = self.clock.now()
        session.add(
            KeyRequest(
                district_id=district.id, student_id=student.id if student else None, requested_at=now, state="new"
            )
        )
        audit.record(session, "api:key_request:received", at=now, actor="anonymous", district_id=district.id)

    async def _show(
        self, district: OpenDistrict, student: Row[Any] | None, facts: KeyRequestFacts, admission: Admission
    ) -> IssuedKey:
        guardian = await self._guardian(student, facts)
        async with self.database.transaction() as session:
            now = self.clock.now()
            if student is None or guardian is None:
                audit.record(session, "api:key_request:refused", at=now, actor="anonymous", district_id=district.id)
            else:
                key = await self.key_issue.issue_to(
                    session, district, guardian, Portal.PARENT, clerk=service_of(district.id, "api")
                )
                session.add(
                    KeyRequest(
                        district_id=district.id,
                        student_id=student.id,
                        requested_at=now,
                        state="displayed",
                        keys=1,
                        handled_at=now,
                    )
                )
                return key
        admission.close()
        raise KeyRequestNotMatched

    async def _guardian(self, student: Row[Any] | None, facts: KeyRequestFacts) -> UUID | None:
        """The one of the student's guardians without an account who has this name."""
        async with self.database.reading() as connection:
            rows = (await connection.execute(guardians_without_account(student.id if student else None))).all()
        named = [
            row.id
            for row in rows
            if alike(row.first_name, facts.guardian_first_name or "")
            and alike(row.last_name, facts.guardian_last_name or "")
        ]
        return named[0] if len(named) == 1 else None


def guardians_without_account(student_id: UUID | None) -> Any:
    """Who may have an account because of this student, and has none (`id`, names, `email`)."""
    has_account = exists().where(Account.person_id == Person.id, Account.portal == Portal.PARENT.value)
    return (
        select(Person.id, Person.first_name, Person.last_name, Person.email)
        .join(Relationship, Relationship.guardian_id == Person.id)
        .where(
            Relationship.student_id == student_id,
            Relationship.portal.is_(True),
            Relationship.ended_at.is_(None),
            may_enter(Portal.PARENT),
            ~has_account,
        )
        .order_by(Person.id)
    )


def _students(district: OpenDistrict, number: str) -> Any:
    return select(Person.id, Person.sourced_id, Person.birth_date, Person.ssn_last4_digest).where(
        Person.district_id == district.id,
        Person.student_number.in_(spellings(number)),
        Person.is_student.is_(True),
        Person.ended_at.is_(None),
    )


def _check_fields(facts: KeyRequestFacts, policy: KeyRequestPolicy) -> None:
    """Raises ValidationFailed with every fault."""
    asked: Sequence[str] = policy.fields
    if policy.delivery == DISPLAY:
        asked = [*asked, "guardian_first_name", "guardian_last_name"]
    errors = [
        FieldError(f"/{name}", "missing", msg("This district asks for this, too."))
        for name in dict.fromkeys(asked)
        if not getattr(facts, name)
    ]
    digits = facts.ssn_last4 or ""
    if _WHOLE_SSN.fullmatch(digits.strip()):
        detail = msg("Type only the last four digits. Never send a whole social security number.")
        errors.append(FieldError("/ssn_last4", "ssn_last4_only", detail))
    elif digits and not _FOUR_DIGITS.fullmatch(digits):
        errors.append(FieldError("/ssn_last4", "ssn_last4_digits", msg("Type four digits.")))
    if errors:
        raise ValidationFailed(errors)
