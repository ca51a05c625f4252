"""demographics.csv: the only place of a birth date. Race and sex stand here too and are not looked at."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from app.services.roster import values
from app.services.roster.people import RosterPerson
from app.services.roster.table import Rows, Table


class Demographics(NamedTuple):
    sourced_id: str
    """The user's."""
    birth_date: date | None
    ssn_last4_digests: tuple[str, ...]


def read_demographics(table: Table, rows: Rows, users: Table, ssn_digests: values.SsnDigests) -> Iterator[Demographics]:
    for row, (sourced_id, birth_date, ssn_last4) in rows:
        users.refer(sourced_id, table, row, "sourcedId")
        born = values.calendar_date(table, row, "birthDate", birth_date)
        digests = values.ssn_last4(table, row, ssn_digests, sourced_id, ssn_last4)
        yield Demographics(sourced_id, born, digests)


def give_demographics(found: Iterable[Demographics], people: Mapping[str, RosterPerson]) -> None:
    """Gives the people their birth dates and, where the file has them, the digests of their four digits."""
    for sourced_id, born, digests in found:
        if person := people.get(sourced_id):
            person.birth_date = born
            person.ssn_last4_digests = digests or person.ssn_last4_digests
