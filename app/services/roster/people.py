"""A roster in memory, as the package says it: small records, and nothing that the database does not keep."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple


class Role(StrEnum):
    STUDENT = "student"
    STAFF = "staff"
    PARENT = "parent"
    GUARDIAN = "guardian"
    RELATIVE = "relative"

    @property
    def is_adult_of_student(self) -> bool:
        return self not in {Role.STUDENT, Role.STAFF}


class Side(StrEnum):
    """Whose row names the other of a relationship in agentSourcedIds."""

    GUARDIAN = "guardian"
    STUDENT = "student"
    BOTH = "both"

    def without(self, other: "Side") -> "Side | None":
        if self is Side.BOTH:
            return Side.STUDENT if other is Side.GUARDIAN else Side.GUARDIAN
        return None if self is other else self


class Tie(NamedTuple):
    relation: Role
    said_by: Side


@cache
def tie(relation: Role, said_by: Side) -> Tie:
    """There are few kinds and many relationships, which share them."""
    return Tie(relation, said_by)


Pair = tuple[str, str]
"""The sourcedIds of guardian and student."""


@lru_cache(maxsize=4_096)
def shared(schools: tuple[str, ...]) -> tuple[str, ...]:
    """One object for all who go to the same schools: there are few, and many people."""
    return schools


@dataclass(slots=True)
class RosterSchool:
    sourced_id: str
    name: str
    identifier: str | None
    id: int | None = None
    """As a person has it."""


@dataclass(slots=True)
class RosterPerson:
    """One user. Number, state id, birth date and digits count for students only; what others with a role have of them is not stored."""

    row: int
    """In users.csv; 0 for those who are only stored, and for all once the roster is checked."""
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
    role_rows: str | None = None
    """Of OneRoster 1.2, as `roles.text_of` writes them; None where users.csv itself says the role."""
    id: int | None = None
    """Of the stored row, or of the one that is to be stored; once the roster is compared."""

    @property
    def is_guardian(self) -> bool:
        return self.relation is not None

    @property
    def keeps_student_values(self) -> bool:
        """Whether number, state id, birth date and digits are kept: of students, and of those whose role is yet to come (1.2)."""
        return self.is_student or not (self.is_guardian or self.is_staff)

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
        elif role is not self.relation:
            # The same whichever comes first, as exports have their rows in any order.
            is_mixed = Role.RELATIVE in {role, self.relation}
            self.relation = Role.RELATIVE if is_mixed else Role.PARENT
            return not is_mixed
        return True


@dataclass
class Roster:
    schools: dict[str, RosterSchool] = field(default_factory=dict)
    people: dict[str, RosterPerson] = field(default_factory=dict)
    relationships: dict[Pair, Tie] = field(default_factory=dict)
    other_orgs: set[str] = field(default_factory=set)
    """The sourcedIds of orgs that are no schools."""
    deleted: set[str] = field(default_factory=set)
    """People whom the package itself ends; others are only missing from it."""
    absent: dict[str, RosterPerson] = field(default_factory=dict)
    """People who are gone, of whom a file of changes still says something else than is stored."""
    said: dict[Pair, Side] = field(default_factory=dict)
    """Named in a row that is stored, and yet no relationship now: one of the two has left or lost the role."""
    unsaid: set[Pair] = field(default_factory=set)
    """Relationships that a changed row no longer names, nor does the other's."""

    def forget_rows(self) -> None:
        """Frees the numbers of the rows, which no fault or warning will name any more."""
        for person in self.people.values():
            person.row = 0
