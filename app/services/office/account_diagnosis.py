"""Why somebody cannot get in, and what the office can do about it: the rules over what `account_facts` has read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.portals import Portal
from app.services.account_view import mask_address
from app.services.clerk import Clerk
from app.services.districts import OpenDistrict
from app.services.office.account_facts import Facts, MailFact, RelatedStudent, TotpFact
from app.services.office.key_facts import KeyFact
from app.services.office.people_desk import why_shut_out
from app.services.office.relationships import PersonName
from app.services.sign_in_ladder import LadderReport

REASONS = (
    "disabled",
    "left_roster",
    "switched_off_in_roster",
    "no_portal_access",
    "no_password",
    "password_off",
    "waiting",
    "totp_waiting",
    "recovery_lockout",
    "portal_closed",
    "maintenance",
)
"""Why a right password does not open an account now; the first ones outlast the later ones."""
_STATUS_OF = {
    "disabled": "disabled",
    **dict.fromkeys(("left_roster", "switched_off_in_roster", "no_portal_access"), "no_access"),
    "no_password": "no_password",
    **dict.fromkeys(("password_off", "waiting", "totp_waiting", "recovery_lockout"), "locked"),
}
STATUSES = ("active", *dict.fromkeys(_STATUS_OF.values()))
CAN_DO = (
    "unlock",
    "disable",
    "enable",
    "reset_mail",
    "reset_key",
    "reset_claim",
    "issue_key",
    "replace_totp",
    "set_portal_flag",
)
"""What the office may do with an account. `replace_totp` means: issue a key, for activating with it drops the authenticator."""


@dataclass(frozen=True)
class RecoveryAddress:
    address_masked: str
    confirmed: bool


@dataclass(frozen=True)
class AccountDiagnosis:
    """An account as the help desk sees it; no secrets."""

    id: UUID
    person: PersonName
    portal: Portal
    username: str
    created_at: datetime
    last_signed_in_at: datetime | None
    disabled_at: datetime | None
    has_password: bool
    may_enter: bool
    status: str
    reasons: Sequence[str]
    """Some of `REASONS`, in their order; none where the right password opens it."""
    ladder: LadderReport
    totp: TotpFact
    passkeys: int
    recovery_email: RecoveryAddress | None
    """The confirmed one, or else the one that waits to be confirmed."""
    live_sessions: int
    key: KeyFact | None
    relationships: Sequence[RelatedStudent]
    """Of a parent."""
    mails: Sequence[MailFact]
    can_do: Sequence[str]
    """Some of `CAN_DO`, as far as this clerk may."""


def diagnose(clerk: Clerk, district: OpenDistrict, row: Any, facts: Facts, now: datetime) -> AccountDiagnosis:
    """Of one row of `select_accounts`, with the facts of its page."""
    reasons = [reason for reason in REASONS if reason in set(_reasons(district, row, facts, now))]
    return AccountDiagnosis(
        id=row.id,
        person=PersonName(row.person_id, row.first_name, row.last_name, row.student_number),
        portal=Portal(row.portal),
        username=row.username,
        created_at=row.created_at,
        last_signed_in_at=row.last_signed_in_at,
        disabled_at=row.disabled_at,
        has_password=row.has_password,
        may_enter=row.may_enter,
        status=next((_STATUS_OF[reason] for reason in reasons if reason in _STATUS_OF), "active"),
        reasons=reasons,
        ladder=facts.ladders[row.id],
        totp=_totp(row, now),
        passkeys=row.passkeys,
        recovery_email=_recovery_email(row),
        live_sessions=facts.live_sessions.get(row.id, 0),
        key=facts.keys.get((row.person_id, Portal(row.portal))),
        relationships=facts.students.get(row.person_id, ()) if row.portal == Portal.PARENT else (),
        mails=facts.mails.get(row.id, ()),
        can_do=list(_can_do(clerk, district, row, facts, now)),
    )


def _reasons(district: OpenDistrict, row: Any, facts: Facts, now: datetime) -> Iterator[str]:
    if row.disabled_at is not None:
        yield "disabled"
    if shut_out := why_shut_out(row, may_enter_portal=row.may_enter):
        yield shut_out
    if not row.has_password:
        yield "no_password"
    if facts.ladders[row.id].step == "password_off":
        yield "password_off"
    if facts.ladders[row.id].step == "wait":
        yield "waiting"
    if _totp(row, now).wait_until:
        yield "totp_waiting"
    if row.recovery_email_folded in facts.locked_addresses:
        yield "recovery_lockout"
    if not district.has_portal(Portal(row.portal)):
        yield "portal_closed"
    if district.settings.maintenance_until and district.settings.maintenance_until > now:
        yield "maintenance"


def _can_do(clerk: Clerk, district: OpenDistrict, row: Any, facts: Facts, now: datetime) -> Iterator[str]:
    portal, is_disabled = Portal(row.portal), row.disabled_at is not None
    if facts.ladders[row.id].tries or _totp(row, now).wait_until:
        yield "unlock"
    if row.person_id != clerk.person_id:
        yield "enable" if is_disabled else "disable"
        if row.recovery_email and not is_disabled:
            yield "reset_mail"
        yield "reset_key"
        if portal is Portal.STUDENT and district.settings.features.claim:
            yield "reset_claim"
        if row.may_enter and clerk.may_issue_for(portal):
            yield "issue_key"
            if row.totp_confirmed_at:
                yield "replace_totp"
    if clerk.is_admin and portal is Portal.PARENT and facts.students.get(row.person_id):
        yield "set_portal_flag"


def _totp(row: Any, now: datetime) -> TotpFact:
    waits = row.totp_confirmed_at is not None and row.totp_wait_until is not None and row.totp_wait_until > now
    return TotpFact(row.totp_confirmed_at is not None, row.totp_wait_until if waits else None)


def _recovery_email(row: Any) -> RecoveryAddress | None:
    address = row.recovery_email or row.unconfirmed_recovery_email
    return RecoveryAddress(mask_address(address), row.recovery_email is not None) if address else None
