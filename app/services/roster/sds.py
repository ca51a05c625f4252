"""Packages of Microsoft School Data Sync (SDS), read as if they were OneRoster: v2 as 1.1, v2.1 as 1.2.

They have no manifest, other column names, roles in any case and of universities, and the adults of students in relationships.csv.
Source: "SDS V2.1 CSV file format" and "Default list of values" of Microsoft's documentation. Only a lenient import reads them.
"""

from collections.abc import Callable, Mapping, Sequence

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.csv_file import CsvFile
from app.services.roster.layout import SSN_COLUMN, Layout
from app.services.roster.manifest import NAME as MANIFEST
from app.services.roster.manifest import Manifest
from app.services.roster.package import Package
from app.services.roster.people import Role, Roster, Side, tie
from app.services.roster.progress import Meter, no_progress
from app.services.roster.report import Findings
from app.services.roster.table import Rows, Table

_OTHER_FILES = {"academicSessions.csv", "classes.csv", "courses.csv", "enrollments.csv", "userFlags.csv"}
_ALWAYS = {"sourcedId", "username", "givenName", "familyName"}
_NEVER = {"status", "enabledUser"}
_SCHOOLS = frozenset({"school", "college", "university", "campus", "adulteducation"})
_STAFF_ROLES = (
    "principal chair professor researcher adjunct affiliate occupationaltherapist physicaltherapist speechtherapist "
    "visiontherapist paraprofessional specialservices advisor proctor nurse officestaff lecturer itadmin administrator teacher "
    "faculty staff teacherassistant assistant aide instructor substitute coach counselor"
)
_STAFF = frozenset(_STAFF_ROLES.split())
_ADULTS = {"parent": Role.PARENT, "guardian": Role.GUARDIAN, "relative": Role.RELATIVE}

_ORGS = Layout("orgs.csv", columns=(), filled=("sourcedId", "name", "type"), known=("parentSourcedId",))
_USERS_KNOWN = ("username", "password", "activeDirectoryMatchId", "phone", "sms", "grade", "middleName")
_USERS = Layout(
    "users.csv",
    columns=(),
    filled=("sourcedId", "givenName", "familyName"),
    metadata=("identifier", "email"),
    known=_USERS_KNOWN,
)
_USERS_WITH_ROLES = Layout(
    "users.csv",
    columns=(),
    filled=("sourcedId", "givenName", "familyName", "orgSourcedIds", "role"),
    metadata=("identifier", "email"),
    known=_USERS_KNOWN,
)
_ROLES = Layout(
    "roles.csv",
    columns=(),
    filled=("userSourcedId", "orgSourcedId", "role"),
    metadata=("isPrimary",),
    known=("sessionSourcedId", "grade", "roleStartDate", "roleEndDate"),
    has_ids=False,
)
_DEMOGRAPHICS = Layout(
    "demographics.csv",
    columns=(),
    filled=("userSourcedId",),
    metadata=("birthDate", SSN_COLUMN),
    known=("sex", "birthCity", "birthState", "birthCountry", "ethnicityCodes", "raceCodes"),
)
RELATIONSHIPS = Layout(
    "relationships.csv",
    columns=(),
    filled=("userSourcedId", "relationshipUserSourcedId", "relationshipRole"),
    has_ids=False,
)
LAYOUTS: Mapping[str, Mapping[str, Layout]] = {
    "1.1": {"orgs": _ORGS, "users": _USERS_WITH_ROLES, "demographics": _DEMOGRAPHICS},
    "1.2": {"orgs": _ORGS, "users": _USERS, "roles": _ROLES, "demographics": _DEMOGRAPHICS},
}
"""The files that are read, by the version of OneRoster that they stand for."""


def sds_manifest(package: Package, findings: Findings) -> Manifest | None:
    """What a manifest would say of the package, or None where it is not of SDS."""
    if findings.strict or MANIFEST in package.sizes or "users.csv" not in package.sizes:
        return None
    with package.open("users.csv") as stream:
        columns = set(CsvFile(stream, "users.csv", Findings(), Meter(no_progress, "", 0)).columns)
    if not columns >= _ALWAYS or columns & _NEVER:
        return None
    findings.warn(WarningCode.MICROSOFT_SDS, MANIFEST)
    version = "1.1" if "role" in columns else "1.2"
    files = {*(layout.file for layout in LAYOUTS[version].values()), RELATIONSHIPS.file}
    for file in package.sizes.keys() - files - _OTHER_FILES:
        findings.warn(WarningCode.UNKNOWN_FILE, file if file.isprintable() else "?")
    for file in files - package.sizes.keys() - {"demographics.csv", RELATIONSHIPS.file}:
        findings.fault(FaultCode.REQUIRED_FILE_ABSENT, file)
    sent = {file.removesuffix(".csv"): "bulk" for file in files & package.sizes.keys()}
    return Manifest(version, sent, is_sds=True)


def as_one_roster(version: str, file: str, rows: Rows) -> Rows:
    """The rows of a file with the values that OneRoster has there."""
    return ((row, _VALUES[version, file](values)) for row, values in rows)


def _org(values: Sequence[str]) -> Sequence[str]:
    sourced_id, name, kind = values
    return sourced_id, name, "school" if kind.lower() in _SCHOOLS else "district", ""


def _user(values: Sequence[str]) -> Sequence[str]:
    sourced_id, first_name, last_name, number, email = values
    return sourced_id, "true", first_name, last_name, number, email, "", "", "", "", "", ""


def _user_with_role(values: Sequence[str]) -> Sequence[str]:
    sourced_id, first_name, last_name, orgs, role, number, email = values
    return sourced_id, "true", first_name, last_name, orgs, _role(role), number, email, "", "", "", "", ""


def _role_row(values: Sequence[str]) -> Sequence[str]:
    user_id, org_id, role, is_primary = values
    return "", user_id, "primary" if is_primary.lower() == "true" else "secondary", _role(role), org_id


def _role(name: str) -> str:
    folded = name.lower()
    return "teacher" if folded in _STAFF else folded


_VALUES: Mapping[tuple[str, str], Callable[[Sequence[str]], Sequence[str]]] = {
    ("1.1", "orgs.csv"): _org,
    ("1.2", "orgs.csv"): _org,
    ("1.1", "users.csv"): _user_with_role,
    ("1.2", "users.csv"): _user,
    ("1.2", "roles.csv"): _role_row,
    ("1.1", "demographics.csv"): tuple,
    ("1.2", "demographics.csv"): tuple,
    ("1.1", "relationships.csv"): tuple,
    ("1.2", "relationships.csv"): tuple,
}


def read_relationships(table: Table, rows: Rows, roster: Roster, users: Table) -> None:
    """Makes guardians of the adults, and relates them: here each relationship has a relation of its own."""
    for row, (student_id, adult_id, kind) in rows:
        for column, sourced_id in zip(RELATIONSHIPS.filled, (student_id, adult_id), strict=False):
            users.refer(sourced_id, table, row, column)
        student, adult, relation = roster.people.get(student_id), roster.people.get(adult_id), _ADULTS.get(kind.lower())
        if student and adult and relation and student.is_student and student is not adult:
            if adult.relation in {None, Role.RELATIVE}:
                adult.relation = relation
            known = roster.relationships.get((adult_id, student_id))
            # Said twice, the weaker counts, as of two roles: it opens no student by itself.
            weaker = Role.RELATIVE if known and known.relation is Role.RELATIVE else relation
            roster.relationships[adult_id, student_id] = tie(weaker, Side.BOTH)
        elif student and adult:
            table.warn(WarningCode.AGENT_NOT_LINKED, row, "relationshipRole")
