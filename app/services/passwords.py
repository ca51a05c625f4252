"""Changing one's own password, and proving the current one."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import CurrentPasswordWrong, InProgress, InvalidToken, Overloaded
from app.models import Account, SignInSession
from app.security.hash_pool import HashPool
from app.services.new_password import check_rules, hash_unused_before, password_owner, replace_password
from app.services.own_events import record_own
from app.services.security_notices import tell_password_changed
from app.services.sessions import Sessions, SignedIn

MAX_MISSES = 5
"""Wrong current passwords after which the session ends."""


@dataclass(frozen=True)
class Passwords:
    database: Database
    clock: Clock
    hash_pool: HashPool
    sessions: Sessions

    async def change(self, caller: SignedIn, current_password: str, password: str, password_confirm: str) -> None:
        """A new password; other sessions end, the owner is told by mail.

        Raises:
            ValidationFailed: a rule is broken, or the password was used before.
            CurrentPasswordWrong: counted; the fifth ends the session.
        """
        async with self.database.reading() as connection:
            owner = await password_owner(connection, caller.account.id)
        check_rules(owner, password, password_confirm)
        await self.prove_current(caller, current_password)
        password_hash = await hash_unused_before(self.hash_pool, owner, password)
        now = self.clock.now()
        async with self.database.transaction() as session:
            await self.still_proven(session, caller, owner.password_hash)
            if not await replace_password(session, owner, password_hash, now):
                raise InProgress
            await self.sessions.end_others(session, caller, "password_changed")
            await tell_password_changed(session, owner, now)
            record_own(session, caller, "account:password_changed", at=now)

    async def prove_current(self, caller: SignedIn, current_password: str) -> str | None:
        """The stored hash of the current password; `still_proven` asks in the settling transaction whether it still holds.

        The try is counted before it is verified, so that parallel guesses are at most five.

        Raises:
            CurrentPasswordWrong: it is not; the fifth in a row ends the session.
        """
        mine = SignInSession.id == caller.session_id
        async with self.database.transaction() as session:
            counted = await session.execute(
                update(SignInSession)
                .where(mine, SignInSession.password_misses < MAX_MISSES)
                .values(password_misses=SignInSession.password_misses + 1)
                .returning(SignInSession.password_misses)
            )
            tries = counted.scalar_one_or_none()
            stored = await session.scalar(select(Account.password_hash).where(Account.id == caller.account.id))
        if tries is None:
            raise CurrentPasswordWrong
        try:
            right = (await self.hash_pool.verify(current_password, stored)).right
        except Overloaded:
            await self._give_try_back(caller)
            raise
        async with self.database.transaction() as session:
            if right:
                await session.execute(update(SignInSession).where(mine).values(password_misses=0))
            else:
                record_own(session, caller, "account:current_password_refused", at=self.clock.now(), tries=tries)
                if tries >= MAX_MISSES:
                    await self.sessions.end_this(session, caller, "password_guessed")
        if not right:
            raise CurrentPasswordWrong
        return stored

    @staticmethod
    async def still_proven(session: AsyncSession, caller: SignedIn, stored: str | None) -> Account:
        """The caller's account, locked.

        Raises:
            InvalidToken: the session has ended or the password was replaced while its hash was computed.
        """
        account = await session.scalar(
            select(Account)
            .where(Account.id == caller.account.id, Account.password_hash == stored, Account.disabled_at.is_(None))
            .with_for_update()
        )
        alive = await session.scalar(
            select(SignInSession.id).where(SignInSession.id == caller.session_id, SignInSession.ended_at.is_(None))
        )
        if account is None or alive is None:
            raise InvalidToken
        return account

    async def _give_try_back(self, caller: SignedIn) -> None:
        async with self.database.transaction() as session:
            await session.execute(
                update(SignInSession)
                .where(SignInSession.id == caller.session_id, SignInSession.password_misses > 0)
                .values(password_misses=SignInSession.password_misses - 1)
            )
