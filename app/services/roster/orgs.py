"""orgs.csv: the schools. Districts, departments and the like are not stored, but rows may point to them."""

from app.services.roster import values
from app.services.roster.codes import FaultCode
from app.services.roster.people import RosterSchool
from app.services.roster.table import Rows, Table

_TYPES = frozenset({"department", "school", "district", "local", "state", "national"})


def read_orgs(table: Table, rows: Rows, version: str) -> dict[str, RosterSchool]:
    schools = {}
    for row, (sourced_id, name, kind, identifier) in rows:
        if kind == "school":
            schools[sourced_id] = RosterSchool(
                sourced_id,
                values.text(table, row, "name", name),
                values.text(table, row, "identifier", identifier) or None,
            )
        elif kind not in _TYPES and not (version == "1.2" and kind.startswith("ext:")):
            table.fault(FaultCode.BAD_ENUM, row, "type")
    return schools
