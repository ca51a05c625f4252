"""An account that begins anew, by a key or a claim: everything that opened it before, or led to it, ends."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Account
from app.services.challenge_questions import drop_answers
from app.services.link_groups import take_out
from app.services.mailed_links import revoke_links
from app.services.own_passkeys import drop_passkeys
from app.services.second_factor import drop_second_factor
from app.services.sessions import Sessions


async def start_over(
    session: AsyncSession, sessions: Sessions, account: Account, now: datetime, *, reason: str
) -> None:
    """Of an account that is locked by the caller: links, second factor, passkeys, challenge answers, sessions, devices, mailed links, address.

    Whoever prepared the account before its owner came (D36) has nothing of it any more. The password is the caller's business.
    """
    await take_out(session, account.id, now, by=account.id)
    await drop_second_factor(session, account.id)
    await drop_passkeys(session, account.id)
    await drop_answers(session, account.id)
    await sessions.end_all(session, account.id, reason)
    await revoke_links(session, account.id, now)
    account.recovery_email = account.recovery_email_folded = account.unconfirmed_recovery_email = None
    account.recovery_email_confirmed_at = None
    account.claim_reopened_at = None
