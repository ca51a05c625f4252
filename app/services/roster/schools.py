"""The table of schools."""

from typing import Any

from sqlalchemy import Row, select

from app.models import School
from app.services.roster.bulk import table_of
from app.services.roster.people import RosterSchool
from app.services.roster.row_ids import IdsInRecords
from app.services.roster.sync import Synced, has_ended, row_id

_TABLE = table_of(School)
_FOLLOWING = ("name", "identifier")


def _is_same(row: Row[Any], school: RosterSchool) -> bool:
    return bool(row[-2:] == school_values(school))


def school_values(school: RosterSchool) -> tuple[Any, ...]:
    return school.name, school.identifier


SCHOOLS: Synced[str, RosterSchool] = Synced(
    _TABLE,
    select(row_id(_TABLE), has_ended(_TABLE), _TABLE.c.sourced_id, *(_TABLE.c[name] for name in _FOLLOWING)),
    key=lambda row: str(row.sourced_id),
    is_same=_is_same,
    first=("sourced_id",),
    following=_FOLLOWING,
    values=school_values,
    ids_in=IdsInRecords,
)
