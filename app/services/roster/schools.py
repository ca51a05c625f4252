"""The table of schools."""

from typing import Any

from sqlalchemy import Row, select

from app.models import School
from app.services.roster.bulk import table_of
from app.services.roster.people import RosterSchool
from app.services.roster.row_ids import IdsInRecords
from app.services.roster.sync import Synced, has_ended, row_id

_TABLE = table_of(School)


def _is_same(row: Row[Any], school: RosterSchool) -> bool:
    return bool(row.name == school.name and row.identifier == school.identifier)


def school_values(school: RosterSchool) -> dict[str, Any]:
    return {"name": school.name, "identifier": school.identifier}


SCHOOLS: Synced[str, RosterSchool] = Synced(
    _TABLE,
    select(row_id(_TABLE), has_ended(_TABLE), _TABLE.c.sourced_id, _TABLE.c.name, _TABLE.c.identifier),
    key=lambda row: str(row.sourced_id),
    is_same=_is_same,
    ids_in=IdsInRecords,
)
