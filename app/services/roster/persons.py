"""The table of persons."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, select

from app.models import Person
from app.services.roster.bulk import table_of
from app.services.roster.people import RosterPerson
from app.services.roster.sync import Synced, has_ended, row_id
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
    "ssn_last4_digest",
)
"""The columns that follow the roster, in the order of `person_values`."""


def person_values(person: RosterPerson) -> dict[str, Any]:
    """What follows the roster. Number, state id, birth date and digits are kept of students only."""
    is_student = person.is_student
    return {
        "is_student": is_student,
        "is_guardian": person.is_guardian,
        "is_staff": person.is_staff,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name_words": name_words(person.first_name, person.last_name),
        "student_number": person.number if is_student else None,
        "state_id": person.state_id if is_student else None,
        "birth_date": person.birth_date if is_student else None,
        "email": person.email,
        "enabled": person.enabled,
        "ssn_last4_digest": person.ssn_last4_digests[0] if is_student and person.ssn_last4_digests else None,
    }


def kinds(person: Any) -> Iterator[str]:
    """How a person is counted, from the three flags: guardian and staff at once count twice, nothing at all as `others`."""
    if person.is_student:
        yield "students"
    if person.is_guardian:
        yield "guardians"
    if person.is_staff:
        yield "staff"
    if not (person.is_student or person.is_guardian or person.is_staff):
        yield "others"


def _is_same(row: Row[Any], person: RosterPerson) -> bool:
    """A digest of the same digits under an older key is the same."""
    *stored, digest = row[-len(_FOLLOWING) :]
    *wanted, new_digest = person_values(person).values()
    return stored == wanted and (digest == new_digest or digest in person.ssn_last4_digests)


PERSONS: Synced[str, RosterPerson] = Synced(
    _TABLE,
    select(row_id(_TABLE), has_ended(_TABLE), _TABLE.c.sourced_id, *(_TABLE.c[name] for name in _FOLLOWING)).where(
        _TABLE.c.by_office.is_(False)
    ),
    key=lambda row: str(row.sourced_id),
    is_same=_is_same,
)
