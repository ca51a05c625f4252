"""roles.csv (1.2): what each user is, and at which org. Begin and end dates are not read: a row in bulk is true today."""

from collections.abc import Container, Mapping

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.people import Role, RosterPerson
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


def read_roles(
    table: Table,
    rows: Rows,
    people: Mapping[str, RosterPerson],
    users: Table,
    orgs: Table,
    schools: Container[str],
) -> None:
    """Gives the people their roles and schools."""
    for row, (_, user_id, role_type, role_name, org_id) in rows:
        if not users.knows(user_id):
            table.fault(FaultCode.DANGLING_REFERENCE, row, "userSourcedId")
        if not orgs.knows(org_id):
            table.fault(FaultCode.DANGLING_REFERENCE, row, "orgSourcedId")
        if role_type not in _ROLE_TYPES:
            table.fault(FaultCode.BAD_ENUM, row, "roleType")
        role = _ROLES.get(role_name) or _other_role(table, row, role_name)
        person = people.get(user_id)  # None for users that are marked as deleted
        if not role or not person:
            continue
        if not person.take_role(role):
            table.warn(WarningCode.MIXED_ADULT_ROLES, row, "role")
        if not role.is_adult_of_student and org_id in schools:
            _take_school(person, org_id, is_primary=role_type == "primary")


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
        person.schools = (school, *others) if is_first else (*others, school)
