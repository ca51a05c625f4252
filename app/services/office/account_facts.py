"""What the help desk needs to know of accounts, read for a whole page at once: so many statements, however many accounts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from app.models import Account, OutboxMail, Passkey, Person, Relationship, SignInSession, TotpFactor
from app.portals import Portal
from app.services.clerk import Clerk
from app.services.districts import OpenDistrict
from app.services.office.key_facts import KeyFact, newest_keys
from app.services.portal_access import may_enter_its_portal
from app.services.sign_in_ladder import LadderReport, SignInLadder, SignInSubject
from app.services.username_recovery import UsernameRecovery

MAILS_SHOWN = 5


@dataclass(frozen=True)
class TotpFact:
    set_up: bool
    wait_until: datetime | None


@dataclass(frozen=True)
class RelatedStudent:
    relationship_id: UUID
    student_id: UUID
    first_name: str
    last_name: str
    portal: bool
    ended: bool
    """The relationship, or the student, has left the roster."""


@dataclass(frozen=True)
class MailFact:
    """One message of the outbox, without its words."""

    kind: str
    channel: str
    state: str
    """`waiting`, or what came of it."""
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Facts:
    """What belongs to the accounts of a page, by account or by person."""

    ladders: Mapping[UUID, LadderReport]
    live_sessions: Mapping[UUID, int]
    keys: Mapping[tuple[UUID, Portal], KeyFact]
    students: Mapping[UUID, Sequence[RelatedStudent]]
    """By guardian."""
    mails: Mapping[UUID, Sequence[MailFact]]
    locked_addresses: Collection[str]


def select_accounts() -> Select[*tuple[Any, ...]]:
    """Accounts with their persons, by name."""
    return (
        select(
            Account.id,
            Account.person_id,
            Account.portal,
            Account.username,
            Account.username_folded,
            Account.password_hash.is_not(None).label("has_password"),
            Account.recovery_email,
            Account.recovery_email_folded,
            Account.unconfirmed_recovery_email,
            Account.created_at,
            Account.last_signed_in_at,
            Account.disabled_at,
            Person.first_name,
            Person.last_name,
            Person.student_number,
            Person.enabled,
            Person.ended_at,
            may_enter_its_portal(Account.portal).label("may_enter"),
            TotpFactor.confirmed_at.label("totp_confirmed_at"),
            TotpFactor.wait_until.label("totp_wait_until"),
            select(func.count())
            .select_from(Passkey)
            .where(Passkey.account_id == Account.id)
            .correlate(Account)
            .scalar_subquery()
            .label("passkeys"),
        )
        .join_from(Account, Person, Person.id == Account.person_id)
        .outerjoin(TotpFactor, TotpFactor.account_id == Account.id)
        .order_by(Person.name_words, Account.id)
    )


@dataclass(frozen=True)
class AccountFacts:
    ladder: SignInLadder
    username_recovery: UsernameRecovery

    async def read(
        self, connection: AsyncConnection, clerk: Clerk, district: OpenDistrict, rows: Sequence[Row[Any]], now: datetime
    ) -> Facts:
        """For rows of `select_accounts`."""
        accounts, persons = [row.id for row in rows], [row.person_id for row in rows]
        addresses = {row.recovery_email_folded for row in rows if row.recovery_email_folded}
        return Facts(
            ladders=await self._ladders(connection, district, rows, now),
            live_sessions=await _live_sessions(connection, accounts, now),
            keys=await newest_keys(connection, persons, now),
            students=await _students(connection, clerk, persons),
            mails=await _mails(connection, accounts),
            locked_addresses=await self.username_recovery.locked_addresses(connection, district, addresses),
        )

    async def _ladders(
        self, connection: AsyncConnection, district: OpenDistrict, rows: Sequence[Row[Any]], now: datetime
    ) -> dict[UUID, LadderReport]:
        subjects = {row.id: SignInSubject(district.id, row.portal, row.username_folded) for row in rows}
        free_tries = district.settings.captcha.threshold
        reports = await self.ladder.reports(connection, set(subjects.values()), now, free_tries=free_tries)
        return {account_id: reports[subject] for account_id, subject in subjects.items()}


async def _live_sessions(connection: AsyncConnection, account_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    rows = await connection.execute(
        select(SignInSession.account_id, func.count().label("live"))
        .where(
            SignInSession.account_id.in_(account_ids),
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.idle_expires_at > now,
        )
        .group_by(SignInSession.account_id)
    )
    return {row.account_id: row.live for row in rows}


async def _students(
    connection: AsyncConnection, clerk: Clerk, person_ids: Sequence[UUID]
) -> dict[UUID, list[RelatedStudent]]:
    """By guardian, those whom the clerk may see."""
    related, child = aliased(Relationship), aliased(Person)
    seen = exists().where(Person.id == related.student_id, clerk.sees_person())
    rows = await connection.execute(
        select(
            related.id,
            related.guardian_id,
            related.portal,
            related.student_id,
            related.ended_at,
            child.ended_at.label("left_at"),
            child.first_name,
            child.last_name,
        )
        .join(child, child.id == related.student_id)
        .where(related.guardian_id.in_(person_ids), seen)
        .order_by(child.first_name, child.id)
    )
    students: dict[UUID, list[RelatedStudent]] = {}
    for row in rows:
        ended = row.ended_at is not None or row.left_at is not None
        student = RelatedStudent(row.id, row.student_id, row.first_name, row.last_name, row.portal, ended)
        students.setdefault(row.guardian_id, []).append(student)
    return students


async def _mails(connection: AsyncConnection, account_ids: Sequence[UUID]) -> dict[UUID, list[MailFact]]:
    """The last ones of each account, newest first."""
    newest = (OutboxMail.created_at.desc(), OutboxMail.id)
    place = func.row_number().over(partition_by=OutboxMail.account_id, order_by=newest)
    ranked = (
        select(*OutboxMail.__table__.columns, place.label("place"))
        .where(OutboxMail.account_id.in_(account_ids))
        .subquery()
    )
    rows = await connection.execute(select(ranked).where(ranked.c.place <= MAILS_SHOWN).order_by(ranked.c.place))
    mails: dict[UUID, list[MailFact]] = {}
    for row in rows:
        mail = MailFact(row.kind, row.channel, row.outcome or "waiting", row.created_at, row.finished_at)
        mails.setdefault(row.account_id, []).append(mail)
    return mails
