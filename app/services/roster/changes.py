"""A package of changes (delta) put over what is stored: the whole roster, as a bulk package would have said it.

A row replaces the stored row of its file and its sourcedId, and nothing else: what other files say of a person stays, and what the other
side's row says of a relationship.
"""

from collections import ChainMap
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from app.services.roster import stored
from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.completeness import check_completeness
from app.services.roster.demographics import Demographics
from app.services.roster.layout import SSN_COLUMN
from app.services.roster.links import link
from app.services.roster.other_orgs import stored_other_orgs
from app.services.roster.people import Roster, RosterPerson, RosterSchool, Side, tie
from app.services.roster.reading import Sent
from app.services.roster.report import Findings
from app.services.roster.roles import RoleRow, roles_in, take_role
from app.services.roster.table import Table


async def put_over_stored(connection: AsyncConnection, district_id: str, sent: Sent, findings: Findings) -> Roster:
    """Makes `sent.roster` whole; references to what is neither in the package nor stored become faults."""
    over = _Over(connection, district_id, sent)
    await over.add_orgs()
    await over.add_people()
    await over.add_schools()
    over.change_roles()
    over.change_demographics()
    await over.add_relationships()
    link(sent.roster, sent.users)
    _check_references(sent.orgs, over.stored_orgs, findings)
    _check_references(sent.users, over.stored_people, findings)
    if not findings.fault_count:
        check_completeness(sent.roster, sent.users)
    return sent.roster


@dataclass
class _Over:
    connection: AsyncConnection
    district_id: str
    sent: Sent
    stored_orgs: set[str] = field(default_factory=set)
    stored_people: set[str] = field(default_factory=set)
    """Those to whom the package refers."""
    new_schools: set[str] = field(default_factory=set)
    """Schools that the district has not, or not any more."""
    concerned: set[str] = field(default_factory=set)
    """Whom rows of other files than users.csv name."""
    renewed: dict[str, list[RoleRow]] = field(default_factory=dict)
    """The stored rows of roles.csv that still hold, of the people for whom something in them changes (1.2)."""

    @property
    def roster(self) -> Roster:
        return self.sent.roster

    async def add_orgs(self) -> None:
        orgs, roster = self.sent.orgs, self.roster
        self.new_schools.update(roster.schools)
        async for row in stored.schools(self.connection, self.district_id):
            self.stored_orgs.add(row.sourced_id)
            if row.ended_at is None:
                self.new_schools.discard(row.sourced_id)
                if _still_holds(orgs, row.sourced_id):
                    roster.schools[row.sourced_id] = RosterSchool(row.sourced_id, row.name, row.identifier)
        others = await stored_other_orgs(self.connection, self.district_id)
        self.stored_orgs |= others
        roster.other_orgs |= {org for org in others if _still_holds(orgs, org)}

    async def add_people(self) -> None:
        users, people = self.sent.users, self.roster.people
        asked = {reference.sourced_id for reference in users.pending}
        asked.update(agent for person in people.values() for agent in person.agents)
        self.concerned.update(self.sent.demographics.deleted, (birth.sourced_id for birth in self.sent.births))
        self.concerned.update(user_id for _, user_id, _ in self.sent.role_rows)
        async for row in stored.persons(self.connection, self.district_id):
            sent = people.get(row.sourced_id)
            if sent:
                self._inherit(sent, row)
            elif row.ended_at is None and row.leaves_at is None and _still_holds(users, row.sourced_id):
                person = stored.person_of(row)
                people[person.sourced_id] = person
                self._keep_roles(person, row)
            elif self._changes_absent(row):
                person = stored.person_of(row)
                self.roster.absent[person.sourced_id] = person
                self._keep_roles(person, row)
            if row.sourced_id in asked:
                self.stored_people.add(row.sourced_id)

    async def add_schools(self) -> None:
        """The stored ones of those whose row in users.csv does not say them, the primary one first."""
        schools = self.roster.schools
        for person in self.roster.people.values():
            person.schools = tuple(school for school in person.schools if school in schools)
        async for row in stored.enrollments(self.connection, self.district_id):
            pupil = self.roster.people.get(row.person)
            if pupil and row.school in schools and not (pupil.row and self.sent.version == "1.1"):
                school = schools[row.school].sourced_id
                pupil.schools = (school, *pupil.schools) if row.is_primary else (*pupil.schools, school)

    def change_roles(self) -> None:
        people = ChainMap(self.roster.people, self.roster.absent)
        for _, user_id, role in self.sent.role_rows:
            person = people.get(user_id)
            if person and user_id not in self.renewed:
                self.renewed[user_id] = roles_in(f"\n{person.role_rows or ''}")[1]
            if person:
                self.renewed[user_id].append(role)
        for sourced_id, roles in self.renewed.items():
            if not _renew(people[sourced_id], roles, self.roster):
                self.sent.roles.findings.warn(WarningCode.MIXED_ADULT_ROLES, self.sent.roles.file, None, "role")

    def change_demographics(self) -> None:
        """Digits stand in the file that has the column for them; in users.csv where both have it."""
        demographics, people = self.sent.demographics, ChainMap(self.roster.people, self.roster.absent)
        has_digits = SSN_COLUMN in demographics.columns
        users_have_digits = SSN_COLUMN in self.sent.users.columns
        gone = (Demographics(sourced_id, None, ()) for sourced_id in demographics.deleted)
        for sourced_id, born, digests in (*gone, *self.sent.births):
            if person := people.get(sourced_id):
                person.birth_date = born
                if digests or (has_digits and not (users_have_digits and person.row)):
                    person.ssn_last4_digests = digests

    async def add_relationships(self) -> None:
        """Those of which a row still says that they are."""
        roster = self.roster
        async for row in stored.relationships(self.connection, self.district_id):
            pair = row.guardian, row.student
            said_by = self._said_by(row)
            guardian, student = roster.people.get(row.guardian), roster.people.get(row.student)
            if said_by and guardian and guardian.relation and student and student.is_student:
                roster.relationships[pair] = tie(guardian.relation, said_by)
            elif said_by:
                roster.said[pair] = said_by
            elif row.ended_at is None:
                roster.unsaid.add(pair)

    def _inherit(self, person: RosterPerson, row: Row[Any]) -> None:
        """What other files than users.csv say of somebody whose row there is new."""
        demographics = self.sent.demographics
        is_replaced = demographics.mode == "bulk"
        if not is_replaced:
            person.birth_date = row.birth_date
        if SSN_COLUMN not in self.sent.users.columns and not (is_replaced and SSN_COLUMN in demographics.columns):
            person.ssn_last4_digests = (row.ssn_last4_digest,) if row.ssn_last4_digest else ()
        if self.sent.version == "1.1":
            return
        if row.role_rows is None and self.sent.roles.mode != "bulk":
            stored.take_stored_roles(person, row)
            person.role_rows = None
        else:
            self.renewed[person.sourced_id] = self._roles_that_hold(row)

    def _keep_roles(self, person: RosterPerson, row: Row[Any]) -> None:
        """Notes whether something changes in the roles of somebody whose row in users.csv stays."""
        if self.sent.demographics.mode == "bulk":
            person.birth_date = None
            if SSN_COLUMN in self.sent.demographics.columns:
                person.ssn_last4_digests = ()
        if self.sent.version == "1.1":
            return
        is_touched = self.sent.roles.mode == "bulk"
        if row.role_rows and (self.new_schools or self.sent.roles.mode == "delta"):
            roles = roles_in(row.role_rows)[1]
            is_touched |= any(self.sent.roles.has(role.sourced_id) or role.org_id in self.new_schools for role in roles)
        if is_touched:
            self.renewed[person.sourced_id] = self._roles_that_hold(row)

    def _changes_absent(self, row: Row[Any]) -> bool:
        """Whether another file than users.csv changes something of somebody who is gone, or goes now: it counts when he returns."""
        files = self.sent.demographics, self.sent.roles
        if row.sourced_id in self.concerned or any(file.mode == "bulk" for file in files):
            return True
        roles = roles_in(row.role_rows)[1] if row.role_rows and self.sent.roles.mode == "delta" else []
        return any(self.sent.roles.has(role.sourced_id) for role in roles)

    def _roles_that_hold(self, row: Row[Any]) -> list[RoleRow]:
        roles = roles_in(row.role_rows)[1] if row.role_rows else []
        return [role for role in roles if _still_holds(self.sent.roles, role.sourced_id)]

    def _said_by(self, row: Row[Any]) -> Side | None:
        """The sides that say a stored relationship, with what their new rows say in place of the stored ones."""
        said_by: Side | None = Side(row.said_by or Side.BOTH)
        for side, own, other in ((Side.GUARDIAN, row.guardian, row.student), (Side.STUDENT, row.student, row.guardian)):
            if _still_holds(self.sent.users, own):
                continue
            person = self.roster.people.get(own)
            is_said = person is not None and other in person.agents
            if said_by is not None and not is_said:
                said_by = said_by.without(side)
            elif is_said:
                said_by = side if said_by in {None, side} else Side.BOTH
        return said_by


def _still_holds(table: Table, sourced_id: str) -> bool:
    """Whether a stored row of this file is still true: the file is not the whole truth and has no row in its place."""
    return table.mode != "bulk" and not table.has(sourced_id)


def _renew(person: RosterPerson, roles: list[RoleRow], roster: Roster) -> bool:
    """Gives somebody his roles anew. The school that was the primary one stays it where the roles do not say another."""
    primary = next(iter(person.schools), "")
    person.is_student = person.is_staff = False
    person.relation, person.schools, person.role_rows = None, (), ""
    # The last primary school comes to the front, and of the others the first one.
    roles.sort(key=lambda role: (role.is_primary, (role.org_id == primary) == role.is_primary, role.sourced_id))
    clear = [take_role(person, role, roster.schools) for role in roles]
    return all(clear)


def _check_references(table: Table, known: set[str], findings: Findings) -> None:
    for reference in table.pending:
        if reference.sourced_id not in known:
            findings.fault(FaultCode.DANGLING_REFERENCE, reference.file, reference.row, reference.column)
