"""The columns of OneRoster 1.1 and 1.2 bulk CSV, and which of them an account system needs.

Source: 1EdTech OneRoster CSV Tables 1.1.1 and CSV Binding 1.2.1. What is not read is not even looked at: race, sex, grades,
phone numbers and passwords never leave the parser.
"""

from dataclasses import dataclass

SSN_COLUMN = "metadata.ssnLast4"
WHOLE_SSN_COLUMNS = frozenset({"ssn", "metadata.ssn", "socialsecuritynumber", "metadata.socialsecuritynumber"})
"""In small letters. A file with one of these is refused."""

_FILES_1_1 = frozenset(
    [
        "academicSessions",
        "categories",
        "classes",
        "classResources",
        "courses",
        "courseResources",
        "demographics",
        "enrollments",
        "lineItems",
        "orgs",
        "resources",
        "results",
        "users",
    ]
)
_FILES_1_2 = _FILES_1_1 | frozenset(
    [
        "lineItemLearningObjectiveIds",
        "lineItemScoreScales",
        "resultLearningObjectiveIds",
        "resultScoreScales",
        "roles",
        "scoreScales",
        "userProfiles",
        "userResources",
    ]
)
FILES = {"1.1": _FILES_1_1, "1.2": _FILES_1_2}
"""Every file of a version, without `.csv`: all may be in a package."""

READ_FILES = {"1.1": ("orgs", "users", "demographics"), "1.2": ("orgs", "users", "roles", "demographics")}
REQUIRED_FILES = {"1.1": ("orgs", "users"), "1.2": ("orgs", "users", "roles")}


@dataclass(frozen=True)
class Layout:
    """One file: the standard's columns in its order, and those that we read in ours.

    Rows come as the values of `filled`, which must not be blank, then `optional`, then `metadata`. The header must have all of
    `filled` and `optional`: a forgotten column would silently empty what the district has.
    """

    file: str
    columns: tuple[str, ...]
    filled: tuple[str, ...]
    optional: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    """Vendors' columns, which need not be there."""


def _columns(names: str) -> tuple[str, ...]:
    return ("sourcedId", "status", "dateLastModified", *names.split())


ORGS = Layout(
    "orgs.csv",
    columns=_columns("name type identifier parentSourcedId"),
    filled=("sourcedId", "name", "type"),
    optional=("identifier",),
)
_USERS_FILLED = ("sourcedId", "enabledUser", "givenName", "familyName")
_USERS_OPTIONAL = ("identifier", "email", "userIds", "agentSourcedIds")
_USERS_METADATA = (SSN_COLUMN, "metadata.stateId", "metadata.gtid")
USERS_1_1 = Layout(
    "users.csv",
    columns=_columns(
        "enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier email sms phone "
        "agentSourcedIds grades password"
    ),
    filled=(*_USERS_FILLED, "orgSourcedIds", "role"),
    optional=_USERS_OPTIONAL,
    metadata=_USERS_METADATA,
)
USERS_1_2 = Layout(
    "users.csv",
    columns=_columns(
        "enabledUser username userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades "
        "password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns"
    ),
    filled=_USERS_FILLED,
    optional=(*_USERS_OPTIONAL, "primaryOrgSourcedId"),
    metadata=_USERS_METADATA,
)
ROLES = Layout(
    "roles.csv",
    columns=_columns("userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId"),
    filled=("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
)
DEMOGRAPHICS = Layout(
    "demographics.csv",
    columns=_columns(
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white "
        "demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
        "publicSchoolResidenceStatus"
    ),
    filled=("sourcedId",),
    optional=("birthDate",),
    metadata=(SSN_COLUMN,),
)
