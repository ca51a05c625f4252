"""An account as its owner sees it, and the one query that reads it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.models import Account, District, Person
from app.portals import Portal

ACCOUNT_COLUMNS = (
    Account.id.label("account_id"),
    Account.person_id,
    Account.portal,
    Account.username,
    Account.locale,
    Account.recovery_email,
    Account.unconfirmed_recovery_email,
    Account.disabled_at,
    Account.password_hash.is_not(None).label("has_password"),
    Person.first_name,
    Person.last_name,
    District.id.label("district_id"),
    District.name.label("district_name"),
)


@dataclass(frozen=True)
class AccountView:
    id: UUID
    person_id: UUID
    district_id: str
    district_name: str
    portal: Portal
    username: str
    first_name: str
    last_name: str
    locale: str | None
    recovery_email_masked: str | None
    recovery_email_confirmed: bool
    links_suspended: bool = False
    has_totp: bool = False
    wants_answers: bool = False
    """Challenge questions wait to be answered. These three are known where a session is opened."""
    has_password: bool = True
    """False for somebody whom only a provider of the district signs in: there is no password to recover."""

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What an app should ask its owner next."""
        steps = []
        if not self.has_password:
            pass
        elif self.recovery_email_masked is None:
            steps.append("set_recovery_email")
        elif not self.recovery_email_confirmed:
            steps.append("confirm_recovery_email")
        if self.wants_answers and self.has_password:
            steps.append("set_challenge_answers")
        if self.portal is Portal.STAFF and not self.has_totp:
            steps.append("set_up_totp")
        if self.links_suspended:
            steps.append("confirm_links")
        return tuple(steps)

    @classmethod
    def of(cls, row: Any) -> "AccountView":
        """From a row of `select_account`."""
        newest = row.unconfirmed_recovery_email or row.recovery_email
        return cls(
            id=row.account_id,
            person_id=row.person_id,
            district_id=row.district_id,
            district_name=row.district_name,
            portal=Portal(row.portal),
            username=row.username,
            first_name=row.first_name,
            last_name=row.last_name,
            locale=row.locale,
            recovery_email_masked=mask_address(newest) if newest else None,
            recovery_email_confirmed=row.recovery_email is not None and row.unconfirmed_recovery_email is None,
            links_suspended=getattr(row, "links_suspended", False),
            has_totp=getattr(row, "has_totp", False),
            wants_answers=getattr(row, "wants_answers", False),
            has_password=row.has_password,
        )


def select_account(*more: Any) -> Select[*tuple[Any, ...]]:
    """Account, person and district in one row, with `more` columns."""
    return (
        select(*ACCOUNT_COLUMNS, *more)
        .join_from(Account, Person, Person.id == Account.person_id)
        .join(District, District.id == Account.district_id)
    )


def mask_address(address: str) -> str:
    """`maria.lopez@example.org` becomes `m***@e***.org`: enough for its owner, little for others."""
    local, _, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1] or domain[:1]}***{dot}{top if dot else ''}"
