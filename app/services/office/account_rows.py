"""Rows of a file of accounts, checked as far as no database is needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.portals import Portal
from app.security.foreign_hashes import HashRefusal, refusal_of
from app.services.credential_policy import is_reserved
from app.services.office.import_codes import RowFault
from app.services.office.import_report import ImportFindings
from app.services.office.person_file import NamedPerson, PersonRow
from app.services.roster.values import is_email
from app.text import fold, is_plain, tidy

USERNAME_MAX_LENGTH = 128
_HASH_FAULTS = {
    HashRefusal.UNKNOWN_SCHEME: RowFault.HASH_UNKNOWN,
    HashRefusal.DAMAGED: RowFault.HASH_DAMAGED,
    HashRefusal.TOO_COSTLY: RowFault.HASH_TOO_COSTLY,
}


@dataclass(frozen=True)
class AccountRow:
    row: int
    person: NamedPerson
    portal: Portal
    username: str
    folded: str
    password_hash: str | None
    recovery_email: str | None

    def columns(self) -> dict[str, Any]:
        """Of the new account."""
        return {
            "person_id": self.person.id,
            "portal": self.portal.value,
            "username": self.username,
            "username_folded": self.folded,
            "password_hash": self.password_hash,
            "unconfirmed_recovery_email": self.recovery_email,
        }


def account_rows(found: Iterable[tuple[PersonRow, NamedPerson]], findings: ImportFindings) -> list[AccountRow]:
    """The rows with what they give; a value that cannot be used is a fault.

    Usernames are those of the other system, so the district's policy is not asked: they must fit here, and be nobody else's by rule.
    """
    rows = []
    for row, person in found:
        name, stored, email = (row.values[column] for column in ("username", "password_hash", "recovery_email"))
        for fault, column in (
            (_username_fault(name, row.portal, person), "username"),
            (_hash_fault(stored), "password_hash"),
            (RowFault.BAD_EMAIL if email and not is_email(email) else None, "recovery_email"),
        ):
            if fault:
                findings.fault(fault, row.row, column)
        rows.append(AccountRow(row.row, person, row.portal, tidy(name), fold(name), stored or None, email or None))
    return rows


def _username_fault(username: str, portal: Portal, person: NamedPerson) -> RowFault | None:
    longest = max(len(username), len(tidy(username)), len(fold(username)))
    if not fold(username) or longest > USERNAME_MAX_LENGTH or not is_plain(tidy(username)):
        return RowFault.USERNAME_UNUSABLE
    own_number = person.student_number if portal is Portal.STUDENT else None
    return RowFault.USERNAME_RESERVED if is_reserved(username, own_number) else None


def _hash_fault(stored: str) -> RowFault | None:
    refusal = refusal_of(stored) if stored else None
    return _HASH_FAULTS[refusal] if refusal else None
