"""A CSV file with a row for each person and portal, as another system exports it, and the people of the district whom it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Person, StaffMember
from app.portals import Portal
from app.services.office.import_codes import RowFault, RowWarning
from app.services.office.import_report import ImportFindings
from app.services.portal_access import may_enter
from app.services.roster.csv_file import CsvFile
from app.services.roster.progress import Meter, Progress

MOST_BYTES = 128 << 20
ROWS_AT_ONCE = 500
Row = TypeVar("Row")
_PERSON, _PORTAL = "person_id", "portal"


@dataclass(frozen=True)
class PersonRow:
    row: int
    """Line in the file; the header is row 1."""
    person: str
    """Our id, or the roster's sourced id."""
    portal: Portal
    values: Mapping[str, str]
    """The other columns, "" where there is nothing."""


@dataclass(frozen=True)
class NamedPerson:
    id: UUID
    student_number: str | None
    may_enter: frozenset[Portal]
    works_in_office: bool
    office_username: str | None


def read_person_file(
    path: Path, findings: ImportFindings, progress: Progress, *, required: Sequence[str], optional: Sequence[str] = ()
) -> list[PersonRow]:
    """The rows that can be read, those with faults left out. Columns are found by name, in any order and case.

    Raises:
        OSError: there is no such file, or it may not be read.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        findings.fault(RowFault.FILE_TOO_LARGE)
        return []
    with path.open("rb") as stream:
        file = CsvFile(stream, path.name, findings.text, Meter(progress, "reading", size))
        names = [column.strip().lower() for column in file.columns]
        if not _is_sound_header(names, [_PERSON, _PORTAL, *required], optional, findings):
            return []
        rows = list(_rows(file, names, [_PERSON, _PORTAL, *required], optional, findings))
    if not rows and not findings.fault_count:
        findings.fault(RowFault.NO_ROWS)
    return rows


def chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """So many rows at once as are looked up or written together."""
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))


def _is_sound_header(
    names: Sequence[str], required: Sequence[str], optional: Sequence[str], findings: ImportFindings
) -> bool:
    if not names:
        findings.fault(RowFault.NO_ROWS)
        return False
    wanted = [*required, *optional]
    missing = [name for name in required if name not in names]
    doubled = [name for name in wanted if names.count(name) > 1]
    for name in missing:
        findings.fault(RowFault.MISSING_COLUMN, 1, name)
    for name in doubled:
        findings.fault(RowFault.DUPLICATE_COLUMN, 1, name)
    if any(name not in wanted for name in names):
        findings.warn(RowWarning.EXTRA_COLUMN, 1)  # without its name, which may be a value of a file without a header
    return not missing and not doubled


def _rows(
    file: CsvFile, names: Sequence[str], required: Sequence[str], optional: Sequence[str], findings: ImportFindings
) -> Iterator[PersonRow]:
    where = {name: names.index(name) if name in names else None for name in (*required, *optional)}
    for number, fields in file:
        values = {name: fields[place].strip() if place is not None else "" for name, place in where.items()}
        empty = [name for name in required if not values[name]]
        for name in empty:
            findings.fault(RowFault.REQUIRED_VALUE_MISSING, number, name)
        person, portal = values.pop(_PERSON), values.pop(_PORTAL).lower()
        if portal and portal not in tuple(Portal):
            findings.fault(RowFault.BAD_PORTAL, number, _PORTAL)
        elif not empty:
            yield PersonRow(number, person, Portal(portal), values)


class PeopleOfRows:
    """Finds the person of each row, no person twice in one portal."""

    def __init__(self, session: AsyncSession, district_id: str, findings: ImportFindings) -> None:
        self._session = session
        self._district_id = district_id
        self._findings = findings
        self._seen: set[tuple[UUID, Portal]] = set()

    async def find(self, rows: Sequence[PersonRow]) -> list[tuple[PersonRow, NamedPerson]]:
        """The rows with their people; where there is nobody, or who is there had a row before, that is a fault."""
        people = await self._people(rows)
        found = []
        for row in rows:
            person = people.get(_uuid_or_none(row.person) or row.person) or people.get(row.person)
            if person is None:
                self._findings.fault(RowFault.PERSON_NOT_FOUND, row.row, _PERSON)
            elif (person.id, row.portal) in self._seen:
                self._findings.fault(RowFault.DUPLICATE_PERSON, row.row, _PERSON)
            else:
                self._seen.add((person.id, row.portal))
                found.append((row, person))
        return found

    async def _people(self, rows: Sequence[PersonRow]) -> dict[UUID | str, NamedPerson]:
        """By id and by sourced id."""
        called = [row.person for row in rows]
        ids = [uuid for uuid in map(_uuid_or_none, called) if uuid]
        query = (
            select(
                Person.id,
                Person.sourced_id,
                Person.student_number,
                StaffMember.person_id.label("member"),
                StaffMember.username,
                *(may_enter(portal).label(portal.value) for portal in Portal),
            )
            .outerjoin(StaffMember, StaffMember.person_id == Person.id)
            .where(
                Person.district_id == self._district_id,
                or_(Person.sourced_id.in_(called), Person.id.in_(ids)),
            )
        )
        found = [(row.sourced_id, _person(row)) for row in await self._session.execute(query)]
        people: dict[UUID | str, NamedPerson] = dict(found)
        return people | {person.id: person for _, person in found}


def _person(row: Any) -> NamedPerson:
    doors = frozenset(portal for portal in Portal if getattr(row, portal.value))
    return NamedPerson(row.id, row.student_number, doors, row.member is not None, row.username)


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
