"""People who lack something that a portal asks for. None of it stops an import."""

from app.services.roster.codes import WarningCode
from app.services.roster.people import Roster, RosterPerson
from app.services.roster.table import Table


def check_completeness(roster: Roster, users: Table) -> None:
    """Warns of what is missing in the rows of users.csv, and of digits that are not kept. What is only stored was warned of before."""
    with_student = {guardian for guardian, _ in roster.relationships}
    numbers = {person.number for person in roster.people.values() if person.is_student and not person.row}
    for person in roster.people.values():
        if not person.row:
            continue
        if person.is_student:
            _check_student(person, users, numbers)
        elif person.ssn_last4_digests and not person.keeps_student_values:
            users.warn(WarningCode.SSN_DROPPED, person.row, "metadata.ssnLast4")
        if person.relation and person.sourced_id not in with_student:
            users.warn(WarningCode.GUARDIAN_WITHOUT_STUDENT, person.row, "agentSourcedIds")
        if not (person.is_student or person.relation or person.is_staff):
            users.warn(WarningCode.USER_WITHOUT_ROLE, person.row)


def _check_student(person: RosterPerson, users: Table, numbers: set[str | None]) -> None:
    if person.number is None:
        users.warn(WarningCode.STUDENT_WITHOUT_NUMBER, person.row, "identifier")
    elif person.number in numbers:
        users.warn(WarningCode.STUDENT_NUMBER_SHARED, person.row, "identifier")
    else:
        numbers.add(person.number)
    if person.birth_date is None:
        users.warn(WarningCode.STUDENT_WITHOUT_BIRTH_DATE, person.row)
    if not person.schools:
        users.warn(WarningCode.STUDENT_WITHOUT_SCHOOL, person.row)
