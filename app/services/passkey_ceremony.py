"""What registering and using a passkey have in common: whose site it is, which origins may ask, and challenges that count once."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.errors import PasskeyInvalid, TicketInvalid
from app.models import DistrictOrigin, Passkey, SpentChallenge
from app.security.passkey_challenges import Challenge, PasskeyChallenges
from app.security.passkeys import Credential, Expected, NotGenuine, UsedPasskey, challenge_of, from_text, verify_use
from app.translation import msg

REGISTER, SIGN_IN, STEP_UP = "register", "sign-in", "step-up"
"""What challenges are for."""


@dataclass(frozen=True)
class PasskeyCeremony:
    clock: Clock
    challenges: PasskeyChallenges
    rp_id: str
    """The domain that passkeys belong to (the relying party)."""
    app_origins: frozenset[str]
    """Of our apps, which no district registers."""

    def challenge(self, *purpose: str) -> bytes:
        return self.challenges.issue(self.clock.now(), *purpose)

    def answered(self, credential: Credential, *purpose: str) -> Challenge:
        """The challenge that this answers; whether for the first time, `spend` finds out.

        Raises:
            PasskeyInvalid: it is not ours, or was made for something or somebody else.
            TicketInvalid: it has expired.
        """
        raw = challenge_of(credential)
        challenge = self.challenges.prove(raw, *purpose) if raw else None
        if challenge is None:
            raise PasskeyInvalid
        if challenge.expires_at <= self.clock.now():
            raise TicketInvalid(_OVER)
        return challenge

    async def expected(
        self, connection: AsyncConnection | AsyncSession, district_id: str, challenge: Challenge
    ) -> Expected:
        registered = select(DistrictOrigin.origin).where(DistrictOrigin.district_id == district_id)
        origins = set((await connection.execute(registered)).scalars())
        return Expected(challenge.raw, self.rp_id, origins | self.app_origins)

    async def spend(self, session: AsyncSession, challenge: Challenge) -> None:
        """Uses the challenge up, within the caller's transaction. Raises TicketInvalid where it was answered before."""
        dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        spent = await session.execute(
            dialect.insert(SpentChallenge)
            .values(digest=challenge.digest, expires_at=challenge.expires_at)
            .on_conflict_do_nothing()
            .returning(SpentChallenge.digest)
        )
        if spent.first() is None:
            raise TicketInvalid(_OVER)


async def proved_use(credential: Credential, expected: Expected, passkey: Any) -> UsedPasskey:
    """Of a row with `account_id`, `public_key` and `backup_eligible`. Raises NotGenuine.

    The user handle must be the account's: a passkey that says it is somebody else's, or nobody's, was not made here.
    """
    used = await asyncio.to_thread(verify_use, credential, expected, passkey.public_key)
    handle = credential["response"].get("userHandle")
    if handle is None or from_text(handle) != passkey.account_id.bytes:
        raise NotGenuine("other_user")
    if used.backup_eligible != passkey.backup_eligible:
        raise NotGenuine("not_genuine")
    return used


async def note_use(session: AsyncSession, passkey_id: Any, used: UsedPasskey, now: datetime) -> bool | None:
    """Keeps what the passkey said of itself; None where it was removed meanwhile.

    True where its count went back. That may be a copy, or a device that was restored from a backup: which of two is the owner's nobody
    can tell, so it is recorded and opens the account all the same; else whoever has a copy could lock the owner out.
    """
    passkey = await session.get(Passkey, passkey_id, with_for_update=True)
    if passkey is None:
        return None
    went_back = max(passkey.sign_count, used.sign_count) > 0 and used.sign_count <= passkey.sign_count
    passkey.sign_count, passkey.backed_up, passkey.last_used_at = used.sign_count, used.backed_up, now
    return went_back


_OVER = msg("This took too long, or it was sent twice. Please try the passkey once more.")
