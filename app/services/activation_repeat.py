"""An activation whose answer was lost, sent again under its `Idempotency-Key`.

It tries a password, so it climbs the ladder of the sign-in, as far as that is free.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.clock import Clock
from app.database import Database
from app.errors import (
    ActivationKeyUsed,
    CaptchaRequired,
    IdempotencyKeyReused,
    Overloaded,
    PasswordOff,
    TooManyAttempts,
)
from app.models import Account
from app.portals import Portal
from app.security.hash_pool import HashPool
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import wants_answers
from app.services.districts import OpenDistrict
from app.services.portal_access import confirm_access
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sign_in_ladder import SignInLadder, SignInSubject
from app.services.typed_keys import TypedKeys
from app.text import fold


@dataclass(frozen=True)
class ActivationRepeat:
    database: Database
    clock: Clock
    hash_pool: HashPool
    sessions: Sessions
    keys: TypedKeys
    ladder: SignInLadder

    async def open_session(
        self, account_id: UUID, district_id: str, username: str, password: str, device: Device
    ) -> OpenedSession:
        """A new session of the account that the first request made, if the password is the same.

        Raises:
            IdempotencyKeyReused: the password is another one, or was tried too often.
            ActivationKeyUsed: the account has changed since, or may no longer be used.
        """
        async with self.database.reading() as connection:
            district = await self.keys.district(connection, district_id)
            query = select(Account.password_hash, Account.portal).where(Account.id == account_id)
            stored, portal = (await connection.execute(query)).one_or_none() or (None, "")
        subject = SignInSubject(district_id, portal, fold(username))
        await self._prove(subject, district, password, stored)
        try:
            return await self._open(account_id, stored, subject, device)
        except ActivationKeyUsed:
            await self._step_back(subject)  # the password was right
            raise

    async def _open(
        self, account_id: UUID, stored: str | None, subject: SignInSubject, device: Device
    ) -> OpenedSession:
        async with self.database.transaction() as session:
            account = await session.scalar(
                select(Account)
                .where(Account.id == account_id, Account.password_hash == stored, Account.disabled_at.is_(None))
                .with_for_update()
            )
            if account is None or not await confirm_access(session, account.person_id, Portal(account.portal)):
                raise ActivationKeyUsed
            await self.ladder.end(session, subject)
            view = AccountView.of(
                (await session.execute(select_account(wants_answers()).where(Account.id == account_id))).one()
            )
            return await self.sessions.open(session, view, device)

    async def _prove(self, subject: SignInSubject, district: OpenDistrict, password: str, stored: str | None) -> None:
        free_tries = district.settings.captcha.threshold
        async with self.database.transaction() as session:
            try:
                await self.ladder.climb(session, subject, self.clock.now(), free_tries=free_tries, solved=False)
            except (CaptchaRequired, TooManyAttempts, PasswordOff) as refusal:
                raise IdempotencyKeyReused from refusal
        try:
            verdict = await self.hash_pool.verify(password, stored)
        except Overloaded:
            await self._step_back(subject)
            raise
        if not verdict.right:
            raise IdempotencyKeyReused

    async def _step_back(self, subject: SignInSubject) -> None:
        async with self.database.transaction() as session:
            await self.ladder.step_back(session, subject)
