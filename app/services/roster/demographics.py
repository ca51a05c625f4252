"""demographics.csv: the only place of a birth date. Race and sex stand here too and are not looked at."""

from collections.abc import Mapping

from app.services.roster import values
from app.services.roster.codes import FaultCode
from app.services.roster.people import RosterPerson
from app.services.roster.table import Rows, Table


def read_demographics(
    table: Table,
    rows: Rows,
    people: Mapping[str, RosterPerson],
    users: Table,
    ssn_digests: values.SsnDigests,
) -> None:
    """Gives the people their birth dates and, where this file has them, the digests of their four digits."""
    for row, (sourced_id, birth_date, ssn_last4) in rows:
        if not users.knows(sourced_id):
            table.fault(FaultCode.DANGLING_REFERENCE, row, "sourcedId")
        born = values.calendar_date(table, row, "birthDate", birth_date)
        digests = values.ssn_last4(table, row, ssn_digests, sourced_id, ssn_last4)
        if person := people.get(sourced_id):
            person.birth_date = born
            person.ssn_last4_digests = digests or person.ssn_last4_digests
