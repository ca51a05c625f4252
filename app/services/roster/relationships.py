"""The table of relationships. Their flags are the district's from the moment the row exists."""

from collections.abc import Callable, Container
from typing import Any

from sqlalchemy import Row, select

from app.models import Person, Relationship
from app.services.roster.bulk import table_of
from app.services.roster.people import Pair, Role, Roster, Tie
from app.services.roster.sync import Fate, Synced, has_ended, row_id

_TABLE = table_of(Relationship)
_GUARDIANS = table_of(Person).alias("guardians")
_STUDENTS = table_of(Person).alias("students")


_FLAGS = ("guardian", "mailing", "portal", "messenger")


def first_values(roster: Roster, pair: Pair) -> tuple[Any, ...]:
    """How a new relationship begins: a parent or guardian with all flags, a relative with none."""
    guardian, student = pair
    is_on = roster.relationships[pair].relation is not Role.RELATIVE
    return roster.people[guardian].id, roster.people[student].id, is_on, is_on, is_on, is_on


def last_values(roster: Roster, row: Row[Any]) -> tuple[Any]:
    """Who still says a relationship that has ended."""
    return (roster.said.get(_key(row)),)


def _tie_values(tie: Tie) -> tuple[str, str]:
    return str(tie.relation), str(tie.said_by)


def fate_of(roster: Roster, keep_access: Container[str]) -> Callable[[Row[Any]], Fate]:
    """A relationship of somebody who is missing and still has access lasts as long as that, unless a row has taken it back."""

    def fate(row: Row[Any]) -> Fate:
        if row.guardian in keep_access or row.student in keep_access:
            return Fate.ENDS if _key(row) in roster.unsaid else Fate.STAYS
        return Fate.ENDS

    return fate


def is_correct(roster: Roster) -> Callable[[Row[Any]], bool]:
    """Whether a relationship that has ended keeps in mind who still says it: it lives again as soon as it can."""
    return lambda row: row.said_by == roster.said.get(_key(row))


def _key(row: Row[Any]) -> Pair:
    return row.guardian, row.student


def _is_same(row: Row[Any], tie: Tie) -> bool:
    return (row.relation, row.said_by) == tie


def _looks_same(row: Row[Any], tie: Tie) -> bool:
    return bool(row.relation == tie.relation)


RELATIONSHIPS: Synced[Pair, Tie] = Synced(
    _TABLE,
    select(
        row_id(_TABLE),
        has_ended(_TABLE),
        _TABLE.c.relation,
        _TABLE.c.said_by,
        _GUARDIANS.c.sourced_id.label("guardian"),
        _STUDENTS.c.sourced_id.label("student"),
    )
    .join(_GUARDIANS, _GUARDIANS.c.id == _TABLE.c.guardian_id)
    .join(_STUDENTS, _STUDENTS.c.id == _TABLE.c.student_id),
    first=("guardian_id", "student_id", *_FLAGS),
    following=("relation", "said_by"),
    values=_tie_values,
    last=("said_by",),
    key=_key,
    is_same=_is_same,
    looks_same=_looks_same,
)
