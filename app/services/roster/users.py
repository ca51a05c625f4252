"""users.csv: the people. In 1.1 their role and orgs stand here too, in 1.2 in roles.csv."""

from collections.abc import Container, Sequence
from sys import intern

from app.services.roster import values
from app.services.roster.codes import FaultCode
from app.services.roster.people import Role, RosterPerson, shared
from app.services.roster.table import Rows, Table

_ROLES = {
    "administrator": Role.STAFF,
    "aide": Role.STAFF,
    "guardian": Role.GUARDIAN,
    "parent": Role.PARENT,
    "proctor": Role.STAFF,
    "relative": Role.RELATIVE,
    "student": Role.STUDENT,
    "teacher": Role.STAFF,
}


def read_users_1_1(
    table: Table, rows: Rows, ssn_digests: values.SsnDigests, orgs: Table, schools: Container[str] | None
) -> dict[str, RosterPerson]:
    """`schools` of None: which orgs are schools is not known yet, so that all count."""
    people = {}
    for row, (sourced_id, enabled, first_name, last_name, org_ids, role, *rest) in rows:
        person = _person(table, row, ssn_digests, (sourced_id, enabled, first_name, last_name), rest)
        if role in _ROLES:
            person.take_role(_ROLES[role])
        else:
            table.fault(FaultCode.BAD_ENUM, row, "role")
        belongs_to = values.sourced_ids(org_ids)
        for org in belongs_to:
            orgs.refer(org, table, row, "orgSourcedIds")
        if not person.is_guardian:
            person.schools = shared(tuple(org for org in belongs_to if schools is None or org in schools))
        people[sourced_id] = person
    return people


def read_users_1_2(table: Table, rows: Rows, ssn_digests: values.SsnDigests) -> dict[str, RosterPerson]:
    people = {}
    for row, (*identity, number, email, user_ids, agents, primary_org, ssn, state_id, gtid) in rows:
        person = _person(table, row, ssn_digests, identity, (number, email, user_ids, agents, ssn, state_id, gtid))
        person.primary_org, person.role_rows = primary_org, ""
        people[person.sourced_id] = person
    return people


def _person(
    table: Table, row: int, ssn_digests: values.SsnDigests, identity: Sequence[str], rest: Sequence[str]
) -> RosterPerson:
    sourced_id, enabled, first_name, last_name = identity
    number, email, user_ids, agents, ssn_last4, state_id, gtid = rest
    # In the order of the fields: with their names it would take three times as long.
    return RosterPerson(
        row,
        sourced_id,
        values.boolean(table, row, "enabledUser", enabled),
        # Names repeat by the thousand, so that one copy of each keeps a large roster small.
        intern(values.text(table, row, "givenName", first_name)),
        intern(values.text(table, row, "familyName", last_name)),
        values.number(table, row, "identifier", number),
        values.state_id(table, row, user_ids)
        or values.number(table, row, "metadata.stateId", state_id)
        or values.number(table, row, "metadata.gtid", gtid),
        values.email(table, row, email),
        values.sourced_ids(agents),
        values.ssn_last4(table, row, ssn_digests, sourced_id, ssn_last4),
    )
