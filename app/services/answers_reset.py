"""A forgotten password without a mailbox: the challenge questions, all answered right, give a token for a new password.

Whoever asks for an unknown name gets questions, too: always the same ones, so that they look like somebody's. Tries are taken from a
budget of the name, known or not, before anything is compared; then there is one verification, at equal cost.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import AnswersExhausted, AnswersWrong, FieldError, Overloaded, TicketInvalid, ValidationFailed
from app.models import Account, ChallengeAnswers
from app.portals import Portal
from app.security.digests import Digests
from app.security.mailed_tokens import MailedTokens
from app.services import audit
from app.services.challenge_questions import (
    Answer,
    AnswerHashes,
    Question,
    answers_needed,
    questions_of,
    read_questions,
)
from app.services.districts import OpenDistrict, open_district
from app.services.guess_budgets import GuessBudgets, GuessSubject, Standing
from app.services.mailed_links import LinkPurpose, create_link, revoke_links
from app.services.portal_access import confirm_access
from app.text import fold
from app.translation import msg

TICKET_LASTS = timedelta(minutes=10)
TICKET_MAX_LENGTH = 2_000
BUDGET = "challenge-answers"
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class AskedQuestions:
    ticket: str
    questions: Sequence[Question]


@dataclass(frozen=True)
class _Asked:
    """Whom a ticket is about, as he was typed."""

    district_id: str
    portal: Portal
    username: str

    @property
    def subject(self) -> GuessSubject:
        return GuessSubject.username(BUDGET, self.district_id, self.portal.value, self.username)


@dataclass(frozen=True)
class AnswersReset:
    database: Database
    clock: Clock
    digests: Digests
    tokens: MailedTokens
    answer_hashes: AnswerHashes
    budgets: GuessBudgets

    async def ask(self, district: OpenDistrict, portal: Portal, username: str) -> AskedQuestions:
        """The questions of whoever has this name, or decoys; and a ticket for the answers.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            ValidationFailed: staff have no questions.
        """
        district.require_no_maintenance(self.clock.now())
        district.require("challenge_questions")
        if portal is Portal.STAFF:
            detail = msg("Staff have no challenge questions.")
            raise ValidationFailed([FieldError("/portal", "portal_without_questions", detail)])
        asked = _Asked(district.id, portal, username)
        async with self.database.reading() as connection:
            account = await _find(connection, asked)
        questions = (
            read_questions(account.questions) if account and account.questions else self._decoys(asked, district)
        )
        return AskedQuestions(self._ticket(asked), _as_listed(questions, district))

    async def answer(self, ticket: str, answers: Sequence[Answer]) -> str:
        """A token for a new password, for ten minutes.

        Raises:
            TicketInvalid: the ticket has expired.
            AnswersWrong, AnswersExhausted: counted for the name, known or not; five a day, ten in all.
        """
        asked = self._read_ticket(ticket)
        async with self.database.reading() as connection:
            district = await open_district(connection, asked.district_id)
        district.require_no_maintenance(self.clock.now())
        district.require("challenge_questions")
        await self._take_try(asked, district)
        async with self.database.reading() as connection:
            account = await _find(connection, asked)
        is_right = await self._verify(asked, account, answers)
        token = await self._settle(asked, account) if account and is_right else None
        if token is None:
            await self._record_refusal(asked, account)
            raise AnswersWrong
        return token

    async def _take_try(self, asked: _Asked, district: OpenDistrict) -> None:
        async with self.database.transaction() as session:
            standing = await self.budgets.take(session, asked.subject, self.clock.now(), district.timezone)
        if standing is not Standing.TAKEN:
            raise AnswersExhausted

    async def _verify(self, asked: _Asked, account: Row[Any] | None, answers: Sequence[Answer]) -> bool:
        """One verification, whoever it is and whatever was answered."""
        asked_for = [kept["id"] for kept in account.questions] if account and account.questions else []
        given = {one.question_id: one.answer for one in answers}
        in_order = [given.get(question_id, "") for question_id in asked_for] or [one.answer for one in answers]
        account_id = account.id if account else _NOBODY
        try:
            is_right = await self.answer_hashes.verify(account_id, in_order, account.answers_hash if account else None)
        except Overloaded:
            async with self.database.transaction() as session:
                await self.budgets.give_back(session, asked.subject)
            raise
        return is_right and len(answers) == len(asked_for) and set(given) == set(asked_for)

    async def _settle(self, asked: _Asked, account: Row[Any]) -> str | None:
        """The token; None where the account may not be used, or its answers changed while they were verified."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            held = await session.scalar(
                select(Account).where(Account.id == account.id, Account.disabled_at.is_(None)).with_for_update()
            )
            kept = select(ChallengeAnswers.account_id).where(
                ChallengeAnswers.account_id == account.id, ChallengeAnswers.answers_hash == account.answers_hash
            )
            if held is None or await session.scalar(kept) is None:
                return None
            if not await confirm_access(session, held.person_id, asked.portal):
                return None
            await self.budgets.renew(session, asked.subject)
            await revoke_links(session, account.id, now, LinkPurpose.RESET_BY_ANSWERS)
            link = create_link(session, LinkPurpose.RESET_BY_ANSWERS, account.id, now)
            self._record(session, "api:challenge:answered", asked, account)
        return self.tokens.issue(LinkPurpose.RESET_BY_ANSWERS.value, link)

    async def _record_refusal(self, asked: _Asked, account: Row[Any] | None) -> None:
        async with self.database.transaction() as session:
            self._record(session, "api:challenge:refused", asked, account)

    def _record(self, session: AsyncSession, tag: str, asked: _Asked, account: Row[Any] | None) -> None:
        audit.record(
            session,
            tag,
            at=self.clock.now(),
            actor="anonymous",
            district_id=asked.district_id,
            account_id=account.id if account else None,
            person_id=account.person_id if account else None,
            data={"portal": asked.portal.value},
        )

    def _decoys(self, asked: _Asked, district: OpenDistrict) -> Sequence[Question]:
        """Chosen by the name alone: the same questions each time, as somebody's own would be, although secret keys are replaced."""
        name = (asked.district_id, asked.portal.value, fold(asked.username))
        ranked = sorted(
            questions_of(district.settings),
            key=lambda question: self.digests.steady_mac("challenge-decoys", *name, question.id),
        )
        return ranked[: answers_needed(district.settings)]

    def _ticket(self, asked: _Asked) -> str:
        ends_at = int((self.clock.now() + TICKET_LASTS).timestamp())
        return self.digests.seal(json.dumps([BUDGET, asked.district_id, asked.portal.value, asked.username, ends_at]))

    def _read_ticket(self, ticket: str) -> _Asked:
        text = self.digests.unseal(ticket)
        if text is None or not text.startswith(f'["{BUDGET}"'):
            raise TicketInvalid
        _, district_id, portal, username, ends_at = json.loads(text)
        if ends_at <= self.clock.now().timestamp():
            raise TicketInvalid
        return _Asked(district_id, Portal(portal), username)


def _as_listed(questions: Sequence[Question], district: OpenDistrict) -> Sequence[Question]:
    """In the order of the district's list, so that the order in which somebody chose them tells them from decoys as little as can be."""
    places = {question.id: place for place, question in enumerate(questions_of(district.settings))}
    return sorted(questions, key=lambda question: places.get(question.id, len(places)))


async def _find(connection: AsyncConnection, asked: _Asked) -> Row[Any] | None:
    """The account, and its questions where it has answered some."""
    found = await connection.execute(
        select(Account.id, Account.person_id, ChallengeAnswers.questions, ChallengeAnswers.answers_hash)
        .outerjoin(ChallengeAnswers, ChallengeAnswers.account_id == Account.id)
        .where(
            Account.district_id == asked.district_id,
            Account.portal == asked.portal.value,
            Account.username_folded == fold(asked.username),
        )
    )
    row: Row[Any] | None = found.one_or_none()
    return row
