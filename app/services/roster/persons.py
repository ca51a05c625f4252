"""The table of persons."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import compress
from typing import Any

from sqlalchemy import Row, select

from app.models import Person
from app.services.roster.bulk import table_of
from app.services.roster.people import Roster, RosterPerson
from app.services.roster.roles import text_of
from app.services.roster.row_ids import IdsInRecords
from app.services.roster.sync import Fate, Synced, has_ended, row_id
from app.text import name_words

_TABLE = table_of(Person)
_FOLLOWING = (
    "is_student",
    "is_guardian",
    "is_staff",
    "first_name",
    "last_name",
    "name_words",
    "student_number",
    "state_id",
    "birth_date",
    "email",
    "enabled",
    "relation",
    "ssn_last4_digest",
    "role_rows",
)
"""The columns that follow the roster, in the order of `person_values`."""


def person_values(person: RosterPerson) -> tuple[Any, ...]:
    """What follows the roster."""
    keeps = person.keeps_student_values
    return (
        person.is_student,
        person.is_guardian,
        person.is_staff,
        person.first_name,
        person.last_name,
        name_words(person.first_name, person.last_name),
        person.number if keeps else None,
        person.state_id if keeps else None,
        person.birth_date if keeps else None,
        person.email,
        person.enabled,
        person.relation and str(person.relation),  # a plain string, which drivers take faster
        person.ssn_last4_digests[0] if keeps and person.ssn_last4_digests else None,
        text_of(person),
    )


def kinds(person: Any) -> tuple[str, ...]:
    """How a person is counted, from the three flags: guardian and staff at once count twice, nothing at all as `others`."""
    return _kinds(person.is_student, person.is_guardian, person.is_staff)


@cache
def _kinds(*flags: bool) -> tuple[str, ...]:
    return tuple(compress(("students", "guardians", "staff"), flags)) or ("others",)


def fate_of(roster: Roster, now: datetime, leaves_at: datetime) -> Callable[[Row[Any]], Fate]:
    """What becomes of the stored people whom `roster` does not have: who is only missing keeps access until `leaves_at`, at the most."""

    def fate(row: Row[Any]) -> Fate:
        ends_at = leaves_at if row.leaves_at is None else min(row.leaves_at, leaves_at)
        if ends_at <= now or row.sourced_id in roster.deleted:
            return Fate.ENDS
        return Fate.STAYS if ends_at == row.leaves_at else Fate.LEAVES

    return fate


def last_values(roster: Roster, row: Row[Any]) -> tuple[Any, ...]:
    """What stays of somebody who has ended, with what changed of it since."""
    person = roster.absent.get(row.sourced_id)
    return person_values(person) if person else _stored_values(row)


def is_correct(roster: Roster) -> Callable[[Row[Any]], bool]:
    """Whether somebody who ended before is stored as his rows in other files than users.csv now say."""

    def correct(row: Row[Any]) -> bool:
        person = roster.absent.get(row.sourced_id)
        return person is None or _is_same(row, person)

    return correct


def _is_same(row: Row[Any], person: RosterPerson) -> bool:
    if row.leaves_at is None and _stored_values(row) == person_values(person):
        return True
    return row.role_rows == text_of(person) and _looks_same(row, person)


def _looks_same(row: Row[Any], person: RosterPerson) -> bool:
    """A digest of the same digits under an older key is the same. Whoever is leaving and is there again is not as he was."""
    if row.leaves_at is not None:
        return False
    *stored, digest, _ = _stored_values(row)
    *wanted, new_digest, _ = person_values(person)
    return stored == wanted and (digest == new_digest or digest in person.ssn_last4_digests)


def _stored_values(row: Row[Any]) -> tuple[Any, ...]:
    """In the order of `person_values`."""
    return tuple(row[-len(_FOLLOWING) :])


def _loses_access(row: Row[Any], person: RosterPerson) -> bool:
    return _has_access(row) and not _has_access(person)


def _has_access(person: Any) -> bool:
    return bool(person.enabled and (person.is_student or person.is_guardian or person.is_staff))


PERSONS: Synced[str, RosterPerson] = Synced(
    _TABLE,
    select(
        row_id(_TABLE),
        has_ended(_TABLE),
        _TABLE.c.sourced_id,
        _TABLE.c.leaves_at,
        *(_TABLE.c[name] for name in _FOLLOWING),
    ).where(_TABLE.c.by_office.is_(False)),
    first=("sourced_id",),
    following=_FOLLOWING,
    values=person_values,
    last=_FOLLOWING,
    key=lambda row: str(row.sourced_id),
    is_same=_is_same,
    ids_in=IdsInRecords,
    sqlite_order=(_TABLE.c.sourced_id,),
    looks_same=_looks_same,
    loses_access=_loses_access,
    back_to_null=("leaves_at",),
)
