"""Claiming a student's account, second step: a ticket, a password and the answers become the account, once.

Reserve (lease the ticket), hash (no transaction is open), settle (one commit: use the ticket up, write the account, open the session). An
interrupted claim leaves a ticket that expires, and nothing else.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import AlreadyClaimed, FieldError, InProgress, TicketInvalid, ValidationFailed
from app.models import Account, ActivationKey, ChallengeAnswers, ClaimTicket, PasswordHistory, Person
from app.portals import Portal
from app.security.mailed_tokens import MailedTokens
from app.services import audit
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import Answer, AnswerHashes, check_answers, stored_questions, wants_answers
from app.services.claim import TICKET_PURPOSE, claimed_username, has_been_claimed
from app.services.credential_policy import check_new_password
from app.services.districts import OpenDistrict, open_district
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.portal_access import confirm_access
from app.services.security_notices import tell_guardians_of_claim
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sign_in_ladder import SignInLadder
from app.services.starting_over import start_over
from app.text import fold
from app.translation import msg

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class CompletionRequest:
    ticket: str
    password: str
    password_confirm: str
    challenge_answers: Sequence[Answer] = ()
    locale: str | None = None
    device: Device = field(default_factory=Device)


@dataclass(frozen=True)
class _Student:
    """Whose ticket it is, as a look found him."""

    ticket_id: UUID
    person_id: UUID
    account_id: UUID
    """Of the account that is there, or will be."""
    username: str
    number: str
    names: Sequence[str]
    earlier_hashes: Sequence[str]
    district: OpenDistrict


@dataclass(frozen=True)
class ClaimCompletion:
    database: Database
    clock: Clock
    tokens: MailedTokens
    answer_hashes: AnswerHashes
    sessions: Sessions
    ladder: SignInLadder
    budgets: GuessBudgets

    async def complete(self, request: CompletionRequest) -> OpenedSession:
        """The first session of the claimed account. No refusal uses the ticket up.

        Raises:
            TicketInvalid: the ticket has expired, was used, or opens nothing any more.
            AlreadyClaimed, InProgress: somebody else was, or is, faster.
            ValidationFailed: a rule of the password or the answers is broken.
        """
        async with self.database.reading() as connection:
            student = await self._find(connection, request.ticket)
        self._check(request, student)
        async with self._leased(student) as lease:
            password_hash = await self._hash_unused_before(request.password, student)
            answers_hash = None
            if request.challenge_answers:
                answers_hash = await self.answer_hashes.hash(student.account_id, request.challenge_answers)
            return await self._settle(student, lease, request, password_hash, answers_hash)

    async def _find(self, connection: AsyncConnection, ticket: str) -> _Student:
        ticket_id = self.tokens.prove(TICKET_PURPOSE, ticket)
        row = (await connection.execute(_ticket_with_student(ticket_id, self.clock.now()))).one_or_none()
        if row is None:
            raise TicketInvalid
        if row.used_at is not None or has_been_claimed(row):
            raise AlreadyClaimed
        district = await open_district(connection, row.district_id)
        district.require_no_maintenance(self.clock.now())
        district.require("claim")
        return _Student(
            ticket_id=row.ticket_id,
            person_id=row.person_id,
            account_id=row.account_id or uuid4(),
            username=row.username or claimed_username(row.student_number),
            number=row.student_number,
            names=[row.first_name, row.last_name, f"{row.first_name}{row.last_name}"],
            earlier_hashes=await _earlier_hashes(connection, row, district),
            district=district,
        )

    @staticmethod
    def _check(request: CompletionRequest, student: _Student) -> None:
        district = student.district
        check_new_password(
            request.password,
            request.password_confirm,
            district.settings.password_policy,
            context_words=[student.username, student.number, *student.names, district.name, district.id],
        )
        check_answers(request.challenge_answers, district.settings)

    @asynccontextmanager
    async def _leased(self, student: _Student) -> AsyncIterator[UUID]:
        now, lease = self.clock.now(), uuid4()
        async with self.database.transaction() as session:
            leased = await session.execute(
                update(ClaimTicket)
                .where(
                    *_is_live(student.ticket_id, now),
                    or_(ClaimTicket.leased_until.is_(None), ClaimTicket.leased_until <= now),
                )
                .values(lease=lease, leased_until=now + LEASE)
                .returning(ClaimTicket.id)
            )
            if leased.first() is None:
                raise InProgress
        try:
            yield lease
        except BaseException:
            async with self.database.transaction() as session:
                await session.execute(
                    update(ClaimTicket)
                    .where(ClaimTicket.id == student.ticket_id, ClaimTicket.lease == lease)
                    .values(lease=None, leased_until=None)
                )
            raise

    async def _hash_unused_before(self, password: str, student: _Student) -> str:
        """Passwords cannot be reused, not even by somebody whom the office has started over."""
        pool = self.answer_hashes.hash_pool
        for stored in student.earlier_hashes:
            if (await pool.verify(password, stored)).right:
                detail = msg("You have used this password before. Please choose another one.")
                params = {"history": student.district.settings.password_policy.history}
                raise ValidationFailed([FieldError("/password", "password_used_before", detail, params)])
        return await pool.hash(password)

    async def _settle(
        self,
        student: _Student,
        lease: UUID,
        request: CompletionRequest,
        password_hash: str,
        answers_hash: str | None,
    ) -> OpenedSession:
        now = self.clock.now()
        async with self.database.transaction() as session:
            account = await self._write_account(session, student, request, password_hash, now)
            used = await session.execute(
                update(ClaimTicket)
                .where(ClaimTicket.lease == lease, *_is_live(student.ticket_id, now))
                .values(used_at=now, lease=None, leased_until=None)
                .returning(ClaimTicket.id)
            )
            if used.first() is None:
                raise TicketInvalid
            if answers_hash:
                questions = stored_questions(request.challenge_answers, student.district.settings)
                session.add(
                    ChallengeAnswers(account_id=account.id, questions=questions, answers_hash=answers_hash, set_at=now)
                )
            await self._end_other_ways(session, student, account, now)
            await tell_guardians_of_claim(session, student.person_id, now)
            self._record(session, student, now)
            view = AccountView.of(
                (await session.execute(select_account(wants_answers()).where(Account.id == account.id))).one()
            )
            return await self.sessions.open(session, view, request.device)

    async def _write_account(
        self, session: AsyncSession, student: _Student, request: CompletionRequest, password_hash: str, now: datetime
    ) -> Account:
        """A new account, or the one that the office has reopened, started over."""
        account = await session.scalar(
            select(Account)
            .where(Account.person_id == student.person_id, Account.portal == Portal.STUDENT.value)
            .with_for_update()
        )
        if account is None:
            account = Account(
                id=student.account_id,
                district_id=student.district.id,
                person_id=student.person_id,
                portal=Portal.STUDENT.value,
                username=student.username,
                username_folded=fold(student.username),
                created_at=now,
            )
            session.add(account)
        elif account.id != student.account_id or account.claim_reopened_at is None or account.disabled_at is not None:
            raise AlreadyClaimed
        else:
            await start_over(session, self.sessions, account, now, reason="claimed_again")
        account.password_hash, account.password_changed_at = password_hash, now
        account.locale, account.last_signed_in_at = request.locale, now
        try:
            await session.flush()
        except IntegrityError as fault:
            raise AlreadyClaimed from fault
        if not await confirm_access(session, student.person_id, Portal.STUDENT):
            raise TicketInvalid
        return account

    async def _end_other_ways(self, session: AsyncSession, student: _Student, account: Account, now: datetime) -> None:
        """The unused key of a letter, other tickets, and what was counted of guesses."""
        await session.execute(
            update(ActivationKey)
            .where(
                ActivationKey.person_id == student.person_id,
                ActivationKey.portal == Portal.STUDENT.value,
                ActivationKey.used_at.is_(None),
                ActivationKey.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .execution_options(synchronize_session=False)
        )
        await session.execute(
            update(ClaimTicket)
            .where(ClaimTicket.person_id == student.person_id, ClaimTicket.used_at.is_(None))
            .values(used_at=now)
            .execution_options(synchronize_session=False)
        )
        await self.ladder.end_all(session, account.district_id, account.portal, account.username_folded)
        await self.budgets.renew(session, GuessSubject.student("claim", student.district.id, student.number))

    def _record(self, session: AsyncSession, student: _Student, now: datetime) -> None:
        audit.record(
            session,
            "api:account:claimed",
            at=now,
            actor=audit.by_account(student.account_id),
            district_id=student.district.id,
            account_id=student.account_id,
            person_id=student.person_id,
        )


def _is_live(ticket_id: UUID, now: datetime) -> tuple[Any, ...]:
    return (ClaimTicket.id == ticket_id, ClaimTicket.used_at.is_(None), ClaimTicket.expires_at > now)


def _ticket_with_student(ticket_id: UUID | None, now: datetime) -> Any:
    """A used ticket is found too, as long as it lives: its student has an account now."""
    return (
        select(
            ClaimTicket.id.label("ticket_id"),
            ClaimTicket.used_at,
            Person.id.label("person_id"),
            Person.district_id,
            Person.first_name,
            Person.last_name,
            Person.student_number,
            Account.id.label("account_id"),
            Account.username,
            Account.password_hash,
            Account.claim_reopened_at,
        )
        .join(Person, Person.id == ClaimTicket.person_id)
        .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == Portal.STUDENT.value))
        .where(ClaimTicket.id == ticket_id, ClaimTicket.expires_at > now)
    )


async def _earlier_hashes(connection: AsyncConnection, row: Row[Any], district: OpenDistrict) -> Sequence[str]:
    remembered = district.settings.password_policy.history
    if row.account_id is None or not remembered:
        return ()
    earlier = await connection.execute(
        select(PasswordHistory.password_hash)
        .where(PasswordHistory.account_id == row.account_id)
        .order_by(PasswordHistory.replaced_at.desc())
        .limit(remembered)
    )
    return [stored for stored in (row.password_hash, *earlier.scalars()) if stored]
