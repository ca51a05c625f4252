"""A roster in memory, as the package says it: small records, and nothing that the database does not keep."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    STUDENT = "student"
    STAFF = "staff"
    PARENT = "parent"
    GUARDIAN = "guardian"
    RELATIVE = "relative"

    @property
    def is_adult_of_student(self) -> bool:
        return self not in {Role.STUDENT, Role.STAFF}


@dataclass(slots=True)
class RosterSchool:
    sourced_id: str
    name: str
    identifier: str | None


@dataclass(slots=True)
class RosterPerson:
    """One user. Number, state id, birth date and digits count for students only; what others have of them is not stored."""

    row: int
    sourced_id: str
    enabled: bool
    first_name: str
    last_name: str
    number: str | None
    state_id: str | None
    email: str | None
    agents: tuple[str, ...]
    ssn_last4_digests: tuple[str, ...] = ()
    """What the stored digest may look like, newest key first."""
    primary_org: str = ""
    is_student: bool = False
    is_staff: bool = False
    relation: Role | None = None
    """Parent, guardian or relative of students; None for those who are not."""
    schools: tuple[str, ...] = ()
    """Where a student learns or staff works, the primary one first."""
    birth_date: date | None = None

    @property
    def is_guardian(self) -> bool:
        return self.relation is not None

    def take_role(self, role: Role) -> bool:
        """Adds a role. False where an adult is a relative besides parent or guardian.

        The roster does not say of which student, so that the weaker one counts: it opens no student by itself.
        """
        if role is Role.STUDENT:
            self.is_student = True
        elif role is Role.STAFF:
            self.is_staff = True
        elif self.relation is None:
            self.relation = role
        elif Role.RELATIVE in {role, self.relation} and role is not self.relation:
            self.relation = Role.RELATIVE
            return False
        return True


@dataclass
class Roster:
    schools: dict[str, RosterSchool] = field(default_factory=dict)
    people: dict[str, RosterPerson] = field(default_factory=dict)
    relationships: dict[tuple[str, str], Role] = field(default_factory=dict)
    """Relation by the sourcedIds of guardian and student."""
