"""orgs.csv: the schools. Of districts, departments and the like only the sourcedIds are kept: rows may point to them."""

from app.services.roster import values
from app.services.roster.codes import FaultCode
from app.services.roster.people import RosterSchool
from app.services.roster.table import Rows, Table

_TYPES = frozenset({"department", "school", "district", "local", "state", "national"})


def read_orgs(table: Table, rows: Rows, version: str) -> tuple[dict[str, RosterSchool], set[str]]:
    """The schools, and the sourcedIds of the other orgs."""
    schools, others = {}, set()
    for row, (sourced_id, name, kind, identifier) in rows:
        if kind == "school":
            schools[sourced_id] = RosterSchool(
                sourced_id,
                values.text(table, row, "name", name),
                values.text(table, row, "identifier", identifier) or None,
            )
        else:
            others.add(sourced_id)
        if kind != "school" and kind not in _TYPES and not (version == "1.2" and kind.startswith("ext:")):
            table.fault(FaultCode.BAD_ENUM, row, "type")
    return schools, others
