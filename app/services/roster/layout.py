"""Which columns of which files an account system needs.

What is not read is not even looked at: race, sex, grades, phone numbers and passwords never leave the parser. Only a strict import
looks whether they are as the standard says, in `conformance`.
"""

from dataclasses import dataclass

from app.services.roster.standard import column_names

SSN_COLUMN = "metadata.ssnLast4"
WHOLE_SSN_COLUMNS = frozenset({"ssn", "metadata.ssn", "socialsecuritynumber", "metadata.socialsecuritynumber"})
"""In small letters. A file with one of these is refused."""

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
    as_they_are: tuple[str, ...] = ()
    """Those of `optional` that are taken without a check."""
    known: tuple[str, ...] = ()
    """Other columns that may be there. They are not read."""
    has_ids: bool = True
    """Whether the first of `filled` is the row's own, so that none may stand there twice."""


ORGS = Layout(
    "orgs.csv",
    columns=column_names("1.2", "orgs"),
    filled=("sourcedId", "name", "type"),
    optional=("identifier",),
)
_USERS_FILLED = ("sourcedId", "enabledUser", "givenName", "familyName")
_USERS_OPTIONAL = ("identifier", "email", "userIds", "agentSourcedIds")
_USERS_METADATA = (SSN_COLUMN, "metadata.stateId", "metadata.gtid")
USERS_1_1 = Layout(
    "users.csv",
    columns=column_names("1.1", "users"),
    filled=(*_USERS_FILLED, "orgSourcedIds", "role"),
    optional=_USERS_OPTIONAL,
    metadata=_USERS_METADATA,
)
USERS_1_2 = Layout(
    "users.csv",
    columns=column_names("1.2", "users"),
    filled=_USERS_FILLED,
    optional=(*_USERS_OPTIONAL, "primaryOrgSourcedId"),
    metadata=_USERS_METADATA,
    as_they_are=("primaryOrgSourcedId",),
)
ROLES = Layout(
    "roles.csv",
    columns=column_names("1.2", "roles"),
    filled=("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"),
)
DEMOGRAPHICS = Layout(
    "demographics.csv",
    columns=column_names("1.2", "demographics"),
    filled=("sourcedId",),
    optional=("birthDate",),
    metadata=(SSN_COLUMN,),
)
LAYOUTS = {
    "1.1": {"orgs": ORGS, "users": USERS_1_1, "demographics": DEMOGRAPHICS},
    "1.2": {"orgs": ORGS, "users": USERS_1_2, "roles": ROLES, "demographics": DEMOGRAPHICS},
}
"""The files that are read, by the version of OneRoster."""
