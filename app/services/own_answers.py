"""An owner's challenge answers: set or replaced by whoever knows the current password."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import Forbidden
from app.models import ChallengeAnswers
from app.portals import Portal
from app.services.answers_reset import BUDGET
from app.services.challenge_questions import (
    Answer,
    AnswerHashes,
    Question,
    answers_needed,
    check_answers,
    questions_of,
    stored_questions,
)
from app.services.districts import OpenDistrict, open_district
from app.services.guess_budgets import GuessBudgets, GuessSubject
from app.services.mailed_links import LinkPurpose, revoke_links
from app.services.own_events import record_own
from app.services.passwords import Passwords
from app.services.security_notices import tell_answers_changed
from app.services.sessions import SignedIn


@dataclass(frozen=True)
class OwnAnswers:
    database: Database
    clock: Clock
    passwords: Passwords
    answer_hashes: AnswerHashes
    budgets: GuessBudgets

    async def questions(self, caller: SignedIn) -> tuple[Sequence[Question], int]:
        """What the caller may choose from, and how many of them to answer.

        Raises:
            Forbidden: staff have no questions.
            FeatureDisabled: the district asks none.
        """
        district = await self._district(caller)
        return questions_of(district.settings), answers_needed(district.settings)

    async def set(self, caller: SignedIn, current_password: str, answers: Sequence[Answer]) -> None:
        """In place of those before; the owner is told by mail.

        Raises:
            Forbidden, FeatureDisabled: as `questions` says.
            ValidationFailed: other questions or another number of them.
            CurrentPasswordWrong: counted; the fifth ends the session.
        """
        district = await self._district(caller)
        check_answers(answers, district.settings)
        stored = await self.passwords.prove_current(caller, current_password)
        answers_hash = await self.answer_hashes.hash(caller.account.id, answers)
        now = self.clock.now()
        async with self.database.transaction() as session:
            await self.passwords.still_proven(session, caller, stored)
            kept = await session.get(ChallengeAnswers, caller.account.id) or ChallengeAnswers(
                account_id=caller.account.id
            )
            kept.questions = stored_questions(answers, district.settings)
            kept.answers_hash, kept.set_at = answers_hash, now
            session.add(kept)
            await self._end_what_was_begun(session, caller)
            await tell_answers_changed(session, caller.account.id, now)
            record_own(session, caller, "account:challenge_answers_set", at=now)

    async def _district(self, caller: SignedIn) -> OpenDistrict:
        if caller.account.portal is Portal.STAFF:
            raise Forbidden
        async with self.database.reading() as connection:
            district = await open_district(connection, caller.account.district_id)
        district.require("challenge_questions")
        return district

    async def _end_what_was_begun(self, session: AsyncSession, caller: SignedIn) -> None:
        """Guesses at the answers before, and a token that they may have given."""
        account = caller.account
        await revoke_links(session, account.id, self.clock.now(), LinkPurpose.RESET_BY_ANSWERS)
        await self.budgets.renew(
            session, GuessSubject.username(BUDGET, account.district_id, account.portal.value, account.username)
        )
