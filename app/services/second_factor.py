"""The second factor: a code of the authenticator app, or a recovery code in its place, each once.

A try is decided and counted while the factor's row is locked, so parallel guesses stand in line. What a try changes must be kept even
where it is refused: `try_code` gives the refusal back instead of raising it, and the caller raises it after the commit.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.errors import CampusError, TooManyAttempts, TotpInvalid
from app.models import Account, RecoveryCode, TotpFactor
from app.security.activation_codes import ALPHABET, normalise_activation_code
from app.security.digests import Digests
from app.security.totp import matching_step
from app.services.sign_in_ladder import WAITS_S

FREE_TRIES = 5
"""Wrong codes in a row before the first wait (of the sign-in ladder's lengths)."""
RECOVERY_CODES = 10
_CODE_GROUP = 5
"""Two groups of five letters of 31: 49 bits, safe behind the same count."""
_DIGEST_PURPOSE = "recovery-code"


@dataclass(frozen=True)
class Tried:
    """What came of a code."""

    refusal: CampusError | None = None
    used_recovery_code: bool = False


@dataclass(frozen=True)
class SecondFactor:
    clock: Clock
    digests: Digests

    async def try_code(self, session: AsyncSession, account_id: UUID, typed: str) -> Tried:
        """Uses a code up, or counts a wrong one. The caller commits in either case."""
        factor = await held_factor(session, account_id)
        if factor is None or factor.sealed_secret is None:
            return Tried(TotpInvalid())
        if wait := self._wait(factor):
            return Tried(wait)
        step = self._matching_step(factor.sealed_secret, typed, after=factor.last_step)
        if step is not None:
            factor.last_step = step
        elif not await self._use_recovery_code(session, account_id, typed):
            return Tried(self._missed(factor))
        factor.misses, factor.wait_until = 0, None
        return Tried(used_recovery_code=step is None)

    def try_first_code(self, factor: TotpFactor, typed: str) -> CampusError | None:
        """The code that confirms an enrolment: from now on its secret counts, and the one before does not."""
        if wait := self._wait(factor):
            return wait
        step = self._matching_step(factor.sealed_new_secret or "", typed, after=None)
        if step is None:
            return self._missed(factor)
        factor.sealed_secret, factor.confirmed_at, factor.last_step = (
            factor.sealed_new_secret,
            self.clock.now(),
            step,
        )
        factor.sealed_new_secret = factor.new_secret_expires_at = factor.wait_until = None
        factor.misses = 0
        return None

    async def new_recovery_codes(self, session: AsyncSession, account_id: UUID) -> Sequence[str]:
        """In place of those before; nobody can read them again."""
        await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        now = self.clock.now()
        for code in codes:
            digest = self.digests.digest(_DIGEST_PURPOSE, account_id.hex, normalise_activation_code(code))
            session.add(RecoveryCode(account_id=account_id, digest=digest, created_at=now))
        return codes

    async def _use_recovery_code(self, session: AsyncSession, account_id: UUID, typed: str) -> bool:
        digests = self.digests.candidates(_DIGEST_PURPOSE, account_id.hex, normalise_activation_code(typed))
        used = await session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.account_id == account_id, RecoveryCode.digest.in_(digests), RecoveryCode.used_at.is_(None)
            )
            .values(used_at=self.clock.now())
            .returning(RecoveryCode.id)
            .execution_options(synchronize_session=False)
        )
        return used.first() is not None

    def _matching_step(self, sealed_secret: str, typed: str, *, after: int | None) -> int | None:
        secret = self.digests.unseal(sealed_secret)
        return matching_step(secret, typed, self.clock.now(), after=after) if secret else None

    def _wait(self, factor: TotpFactor) -> TooManyAttempts | None:
        now = self.clock.now()
        if factor.wait_until is None or factor.wait_until <= now:
            return None
        return TooManyAttempts(math.ceil((factor.wait_until - now).total_seconds()))

    def _missed(self, factor: TotpFactor) -> TotpInvalid:
        factor.misses += 1
        if factor.misses >= FREE_TRIES:
            place = min(factor.misses - FREE_TRIES, len(WAITS_S) - 1)
            factor.wait_until = self.clock.now() + timedelta(seconds=WAITS_S[place])
        return TotpInvalid()


async def held_factor(session: AsyncSession, account_id: UUID) -> TotpFactor | None:
    """The factor, locked. The account is held before it, as by the office and by whoever starts it over: else the two wait in a circle."""
    await session.execute(select(Account.id).where(Account.id == account_id).with_for_update(read=True, key_share=True))
    return await session.get(TotpFactor, account_id, with_for_update=True)


def has_totp() -> Any:
    """SQL: whether the `Account` row has a second factor, as the column `has_totp`."""
    return is_set_up().label("has_totp")


def is_set_up() -> ColumnElement[bool]:
    return exists().where(TotpFactor.account_id == Account.id, TotpFactor.confirmed_at.is_not(None))


async def has_second_factor(session: AsyncConnection | AsyncSession, account_id: UUID) -> bool:
    query = select(TotpFactor.account_id).where(
        TotpFactor.account_id == account_id, TotpFactor.confirmed_at.is_not(None)
    )
    return await session.scalar(query) is not None


async def drop_second_factor(session: AsyncSession, account_id: UUID) -> None:
    """For an account that is started over, or whose owner turns it off."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    await session.execute(delete(TotpFactor).where(TotpFactor.account_id == account_id))


async def drop_second_factor_since(session: AsyncSession, account_id: UUID, moment: datetime) -> None:
    """What was set up at that moment or later, or took the place of another then."""
    factor = await held_factor(session, account_id)
    if factor and factor.confirmed_at and factor.confirmed_at >= moment:
        await drop_second_factor(session, account_id)


async def end_wait(session: AsyncSession, account_id: UUID) -> None:
    """By the office: wrong codes are forgotten, the factor stays."""
    await session.execute(
        update(TotpFactor).where(TotpFactor.account_id == account_id).values(misses=0, wait_until=None)
    )


def is_waiting(wait_until: datetime | None, now: datetime) -> bool:
    return wait_until is not None and wait_until > now


def _new_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(2 * _CODE_GROUP))
    return f"{letters[:_CODE_GROUP]}-{letters[_CODE_GROUP:]}"
