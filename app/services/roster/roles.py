"""roles.csv (1.2): what each user is, and at which org. Begin and end dates are not read: a row in bulk is true today."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.people import Role, RosterPerson, shared
from app.services.roster.table import Rows, Table

_ROLES = {
    "aide": Role.STAFF,
    "counselor": Role.STAFF,
    "districtAdministrator": Role.STAFF,
    "guardian": Role.GUARDIAN,
    "parent": Role.PARENT,
    "principal": Role.STAFF,
    "proctor": Role.STAFF,
    "relative": Role.RELATIVE,
    "siteAdministrator": Role.STAFF,
    "student": Role.STUDENT,
    "systemAdministrator": Role.STAFF,
    "teacher": Role.STAFF,
}
_ROLE_TYPES = frozenset({"primary", "secondary"})


class RoleRow(NamedTuple):
    sourced_id: str
    role: Role
    is_primary: bool
    org_id: str


def read_roles(table: Table, rows: Rows, users: Table, orgs: Table) -> Iterator[tuple[int, str, RoleRow]]:
    """Row number, the user's sourcedId and the role of each row that says one which is used."""
    for row, (sourced_id, user_id, role_type, role_name, org_id) in rows:
        users.refer(user_id, table, row, "userSourcedId")
        orgs.refer(org_id, table, row, "orgSourcedId")
        if role_type not in _ROLE_TYPES:
            table.fault(FaultCode.BAD_ENUM, row, "roleType")
        if role := _ROLES.get(role_name) or _other_role(table, row, role_name):
            yield row, user_id, RoleRow(sourced_id, role, role_type == "primary", org_id)


def give_roles(
    table: Table,
    roles: Iterable[tuple[int, str, RoleRow]],
    people: Mapping[str, RosterPerson],
    schools: Container[str],
) -> None:
    """Gives the people their roles and schools."""
    for row, user_id, role in roles:
        person = people.get(user_id)  # None for users that are marked as deleted
        if person and not take_role(person, role, schools):
            table.warn(WarningCode.MIXED_ADULT_ROLES, row, "role")


def take_role(person: RosterPerson, row: RoleRow, schools: Container[str]) -> bool:
    """Adds a role and its school. False where `RosterPerson.take_role` says so."""
    line = f"{row.sourced_id} {row.role} {'primary' if row.is_primary else 'secondary'} {row.org_id}"
    person.role_rows = f"{person.role_rows}\n{line}" if person.role_rows else line
    if not row.role.is_adult_of_student and row.org_id in schools:
        _take_school(person, row.org_id, is_primary=row.is_primary)
    return person.take_role(row.role)


def text_of(person: RosterPerson) -> str | None:
    """What is stored of a person's rows: the primary org, then a line for each, in an order that no export changes."""
    if person.role_rows is None:
        return None
    rows = person.role_rows
    if "\n" in rows:
        rows = "\n".join(sorted(rows.split("\n")))
    return f"{person.primary_org}\n{rows}"


def roles_in(text: str) -> tuple[str, list[RoleRow]]:
    """The primary org and the rows that `text_of` wrote."""
    primary_org, *lines = text.split("\n")
    rows = []
    for line in filter(None, lines):
        sourced_id, role, role_type, org_id = line.split(" ")
        rows.append(RoleRow(sourced_id, Role(role), role_type == "primary", org_id))
    return primary_org, rows


def _other_role(table: Table, row: int, name: str) -> Role | None:
    """A district's own role. Only its words can say that it is an adult of a student."""
    if not name.startswith("ext:"):
        table.fault(FaultCode.BAD_ENUM, row, "role")
        return None
    folded = name.lower()
    if "parent" not in folded and "guardian" not in folded:
        table.warn(WarningCode.EXT_ROLE_IGNORED, row, "role")
        return None
    table.warn(WarningCode.EXT_ROLE_AS_GUARDIAN, row, "role")
    if "grandparent" in folded:
        return Role.RELATIVE
    return Role.GUARDIAN if "guardian" in folded else Role.PARENT


def _take_school(person: RosterPerson, school: str, *, is_primary: bool) -> None:
    others = tuple(known for known in person.schools if known != school)
    is_first = school == person.primary_org or (is_primary and person.primary_org not in others)
    if is_first or school not in person.schools:
        person.schools = shared((school, *others) if is_first else (*others, school))
