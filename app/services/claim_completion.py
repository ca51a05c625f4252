"""Claiming a student's account, second step: a ticket, a password and the answers become the account, once.

Reserve (lease the ticket), hash (no transaction is open), settle (one commit: write the account, use the ticket up, open the session).
An interrupted claim leaves a ticket that expires, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import AlreadyClaimed, InProgress, TicketInvalid
from app.models import Account, ActivationKey, ChallengeAnswers
from app.portals import Portal
from app.services import answers_reset, audit
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import Answer, AnswerHashes, check_answers, stored_questions, wants_answers
from app.services.claim import BUDGET, has_been_claimed
from app.services.claim_tickets import ClaimTickets, end_tickets, use_ticket
from app.services.credential_policy import check_new_password, claimed_username
from app.services.districts import OpenDistrict, open_district
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.new_password import hash_not_among, last_hashes, remember_hash
from app.services.portal_access import confirm_access
from app.services.security_notices import tell_guardians_of_claim
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sign_in_ladder import SignInLadder
from app.services.starting_over import start_over
from app.text import fold


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

    @property
    def remembered(self) -> int:
        """Passwords that he may not use again."""
        return self.district.settings.password_policy.history


@dataclass(frozen=True)
class _Hashes:
    password: str
    answers: str | None


@dataclass(frozen=True)
class ClaimCompletion:
    database: Database
    clock: Clock
    tickets: ClaimTickets
    answer_hashes: AnswerHashes
    sessions: Sessions
    ladder: SignInLadder
    budgets: GuessBudgets

    async def complete(self, request: CompletionRequest) -> OpenedSession:
        """The first session of the claimed account. No refusal uses the ticket up.

        Raises:
            TicketInvalid: the ticket has expired, or opens nothing any more.
            AlreadyClaimed, InProgress: somebody else was, or is, faster.
            FeatureDisabled, Maintenance: public facts of the district.
            ValidationFailed: a rule of the password or the answers is broken.
        """
        async with self.database.reading() as connection:
            student = await self._find(connection, request.ticket)
        _check(request, student)
        async with self.tickets.leased(student.ticket_id) as lease:
            hashes = await self._hash(request, student)
            return await self._settle(student, lease, request, hashes)

    async def _find(self, connection: AsyncConnection, ticket: str) -> _Student:
        row = await self.tickets.find(connection, ticket)
        if row.used_at is not None or has_been_claimed(row):
            raise AlreadyClaimed
        # What a look can refuse needs no writer: of a thousand who use one ticket, one gets further.
        if row.leased_until is not None and row.leased_until > self.clock.now():
            raise InProgress
        district = await open_district(connection, row.district_id)
        now = self.clock.now()
        district.require_no_maintenance(now)
        district.require("claim", now)
        district.require_portal(Portal.STUDENT)
        account_id = row.account_id or uuid4()
        remembered = district.settings.password_policy.history
        return _Student(
            ticket_id=row.ticket_id,
            person_id=row.person_id,
            account_id=account_id,
            username=row.username or claimed_username(row.student_number),
            number=row.student_number,
            names=[row.first_name, row.last_name, f"{row.first_name}{row.last_name}"],
            earlier_hashes=await last_hashes(connection, account_id, row.password_hash, remembered=remembered),
            district=district,
        )

    async def _hash(self, request: CompletionRequest, student: _Student) -> _Hashes:
        """Passwords cannot be reused, not even by somebody whom the office has started over."""
        password_hash = await hash_not_among(
            self.answer_hashes.hash_pool, student.earlier_hashes, request.password, remembered=student.remembered
        )
        if not request.challenge_answers:
            return _Hashes(password_hash, None)
        return _Hashes(password_hash, await self.answer_hashes.hash(student.account_id, request.challenge_answers))

    async def _settle(
        self, student: _Student, lease: UUID, request: CompletionRequest, hashes: _Hashes
    ) -> OpenedSession:
        now = self.clock.now()
        async with self.database.transaction() as session:
            account = await self._write_account(session, student, request, hashes.password, now)
            await use_ticket(session, student.ticket_id, lease, now)
            if hashes.answers:
                session.add(
                    ChallengeAnswers(
                        account_id=account.id,
                        questions=stored_questions(request.challenge_answers, student.district.settings),
                        answers_hash=hashes.answers,
                        set_at=now,
                    )
                )
            await self._end_other_ways(session, student, account, now)
            await tell_guardians_of_claim(session, student.person_id, now)
            _record(session, student, now)
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
            account = _new_account(student, now)
            session.add(account)
        elif account.id != student.account_id or account.claim_reopened_at is None or account.disabled_at is not None:
            raise AlreadyClaimed
        else:
            await start_over(session, self.sessions, account, now, reason="claimed_again")
            await remember_hash(session, account.id, account.password_hash, now, remembered=student.remembered)
        account.password_hash, account.password_changed_at = password_hash, now
        account.locale, account.last_signed_in_at = request.locale, now
        try:
            await session.flush()
        except IntegrityError as fault:
            raise AlreadyClaimed from fault  # with another ticket or a key, at the same moment
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
        await end_tickets(session, student.person_id, now)
        await self.ladder.end_all(session, account.district_id, account.portal, account.username_folded)
        await self.budgets.renew(session, GuessSubject.student(BUDGET, student.district.id, student.number))
        name = (account.district_id, account.portal, account.username)
        await self.budgets.renew(session, GuessSubject.username(answers_reset.BUDGET, *name))


def _check(request: CompletionRequest, student: _Student) -> None:
    """What costs no hash."""
    district = student.district
    check_new_password(
        request.password,
        request.password_confirm,
        district.settings.password_policy,
        context_words=[student.username, student.number, *student.names, district.name, district.id],
    )
    check_answers(request.challenge_answers, district.settings)


def _new_account(student: _Student, now: datetime) -> Account:
    return Account(
        id=student.account_id,
        district_id=student.district.id,
        person_id=student.person_id,
        portal=Portal.STUDENT.value,
        username=student.username,
        username_folded=fold(student.username),
        created_at=now,
    )


def _record(session: AsyncSession, student: _Student, now: datetime) -> None:
    audit.record(
        session,
        "api:account:claimed",
        at=now,
        actor=audit.by_account(student.account_id),
        district_id=student.district.id,
        account_id=student.account_id,
        person_id=student.person_id,
    )
