"""Whose claims they are: the one person of the roster that a provider's token names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import Person
from app.portals import Portal
from app.services.sso.providers import DistrictProvider, Identifier
from app.text import fold_address

_LONGEST = 255
_KINDS = {Portal.PARENT: Person.is_guardian, Portal.STUDENT: Person.is_student, Portal.STAFF: Person.is_staff}
MULTI_FACTOR = "mfa"
"""RFC 8176: the value of `amr` that says so whatever the factors were."""


class NobodyNamed(Exception):
    """The token is genuine and names nobody of the roster. `reason` is for the trail."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Named:
    """Whom a token names."""

    person_id: UUID
    with_mfa: bool


def wanted_claims(provider: DistrictProvider, portal: Portal) -> frozenset[str]:
    match = provider.match_for(portal)
    return frozenset({match.claim} if match else ()) | {required.claim for required in provider.required_claims}


async def person_named(
    connection: AsyncConnection, provider: DistrictProvider, portal: Portal, claims: Mapping[str, Any]
) -> Named:
    """Raises NobodyNamed: nobody, or more than one."""
    match = provider.match_for(portal)
    if match is None:
        raise NobodyNamed("portal_closed")
    if any(_text(claims.get(required.claim)) != required.value for required in provider.required_claims):
        raise NobodyNamed("required_claim")
    value = _text(claims.get(match.claim))
    if value is None:
        raise NobodyNamed("claim_missing")
    if match.identifier is Identifier.EMAIL and claims.get("email_verified") is not True:
        raise NobodyNamed("email_not_verified")
    whose = (Person.district_id == provider.district_id, _is(match.identifier, value), _KINDS[portal].is_(True))
    found = (await connection.scalars(select(Person.id).where(*whose, Person.ended_at.is_(None)).limit(2))).all()
    if len(found) != 1:
        raise NobodyNamed("several_people" if found else "not_in_roster")
    methods = claims.get("amr")
    is_mfa = isinstance(methods, list) and MULTI_FACTOR in methods
    return Named(found[0], with_mfa=provider.trusts_mfa and is_mfa)


def _is(identifier: Identifier, value: str) -> ColumnElement[bool]:
    """SQL: the `Person` row has it."""
    match identifier:
        case Identifier.SOURCED_ID:
            return Person.sourced_id == value
        case Identifier.STUDENT_NUMBER:
            return Person.student_number == value
        case Identifier.STATE_ID:
            return Person.state_id == value
        case Identifier.EMAIL:
            return func.lower(Person.email) == fold_address(value)


def _text(value: object) -> str | None:
    """Identifiers are texts, or numbers that somebody wrote without quotes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST and value.isprintable():
        return value.strip()
    return None
