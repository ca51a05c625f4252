"""The table of relationships. Their flags are the district's from the moment the row exists."""

from typing import Any

from sqlalchemy import Row, select

from app.models import Person, Relationship
from app.services.roster.bulk import table_of
from app.services.roster.people import Role
from app.services.roster.sync import Synced, has_ended, row_id

Pair = tuple[str, str]
"""The sourcedIds of guardian and student."""

_TABLE = table_of(Relationship)
_GUARDIANS = table_of(Person).alias("guardians")
_STUDENTS = table_of(Person).alias("students")


def first_flags(relation: Role) -> dict[str, bool]:
    """How a new relationship begins: a parent or guardian with everything, a relative with nothing."""
    is_on = relation is not Role.RELATIVE
    return {"guardian": is_on, "mailing": is_on, "portal": is_on, "messenger": is_on}


def _key(row: Row[Any]) -> Pair:
    return row.guardian, row.student


def _is_same(row: Row[Any], relation: Role) -> bool:
    return bool(row.relation == relation)


RELATIONSHIPS: Synced[Pair, Role] = Synced(
    _TABLE,
    select(
        row_id(_TABLE),
        has_ended(_TABLE),
        _TABLE.c.relation,
        _GUARDIANS.c.sourced_id.label("guardian"),
        _STUDENTS.c.sourced_id.label("student"),
    )
    .join(_GUARDIANS, _GUARDIANS.c.id == _TABLE.c.guardian_id)
    .join(_STUDENTS, _STUDENTS.c.id == _TABLE.c.student_id),
    key=_key,
    is_same=_is_same,
    is_referred_to=False,
)
