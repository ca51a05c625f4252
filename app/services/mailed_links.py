"""Links that were mailed: made, found by their token, used once.

A guarded use is reserve (lease the link), hash, settle (mark it used); a refusal gives the lease back, a lost process lets it lapse.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.database import Database, Statement, Unit
from app.database.statements import among, places
from app.errors import CampusError, InProgress
from app.models import MailedLink
from app.security.mailed_tokens import MailedTokens

LEASE = timedelta(seconds=30)


class LinkPurpose(StrEnum):
    RESET_PASSWORD = "reset_password"  # noqa: S105  # a name
    CONFIRM_EMAIL = "confirm_email"
    RESET_BY_ANSWERS = "reset_by_answers"
    """Not mailed: given to whoever answered the challenge questions."""
    DISPUTE = "dispute"

    @property
    def lifetime(self) -> timedelta:
        """Contract, sections 3 and 8: 30 minutes, 24 hours, 10 minutes, 7 days."""
        return _LIFETIMES[self]


_LIFETIMES = {
    LinkPurpose.RESET_PASSWORD: timedelta(minutes=30),
    LinkPurpose.CONFIRM_EMAIL: timedelta(hours=24),
    LinkPurpose.RESET_BY_ANSWERS: timedelta(minutes=10),
    LinkPurpose.DISPUTE: timedelta(days=7),
}


_SHOWN = (
    MailedLink.id,
    MailedLink.account_id,
    MailedLink.address,
    MailedLink.expires_at,
    MailedLink.created_at,
)


@dataclass(frozen=True)
class LiveLink:
    """A link that could be used this moment."""

    id: UUID
    account_id: UUID
    purpose: LinkPurpose
    address: str | None
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class MailedLinks:
    database: Database
    tokens: MailedTokens

    async def find(
        self,
        connection: AsyncConnection | AsyncSession,
        purpose: LinkPurpose,
        token: str,
        now: datetime,
        refusal: type[CampusError],
        *,
        or_purpose: LinkPurpose | None = None,
    ) -> LiveLink:
        """The live link of a token, for one purpose or another; raises `refusal` for anything else."""
        for wanted in filter(None, (purpose, or_purpose)):
            link_id = self.tokens.prove(wanted.value, token)
            if link_id is None:
                continue
            query = select(*_SHOWN).where(MailedLink.id == link_id, MailedLink.purpose == wanted.value, *_live(now))
            row = (await connection.execute(query)).one_or_none()
            if row is not None:
                return LiveLink(row.id, row.account_id, wanted, row.address, row.expires_at, row.created_at)
        raise refusal

    @asynccontextmanager
    async def leased(self, link: LiveLink, now: datetime) -> AsyncIterator[UUID]:
        """Holds the link while a hash is computed and gives the lease; a refusal inside gives it back.

        Raises:
            InProgress: somebody else holds it.
        """
        lease = uuid4()
        async with self.database.transaction() as session:
            free = or_(MailedLink.leased_until.is_(None), MailedLink.leased_until <= now)
            held = await session.execute(
                update(MailedLink)
                .where(MailedLink.id == link.id, free, *_live(now))
                .values(lease=lease, leased_until=now + LEASE)
                .returning(MailedLink.id)
            )
            if held.first() is None:
                raise InProgress
        try:
            yield lease
        except BaseException:
            async with self.database.transaction() as session:
                await session.execute(
                    update(MailedLink)
                    .where(MailedLink.id == link.id, MailedLink.lease == lease)
                    .values(lease=None, leased_until=None)
                )
            raise


def create_link(
    session: Unit,
    purpose: LinkPurpose,
    account_id: UUID,
    now: datetime,
    *,
    address: str | None = None,
    asked_at: datetime | None = None,
) -> UUID:
    """A new link within the caller's transaction; `revoke_links` first, where only the newest may work.

    `asked_at` is when it was asked for, where that was before now: newest means asked for last.
    """
    link = MailedLink(
        id=uuid4(),
        account_id=account_id,
        purpose=purpose.value,
        address=address,
        created_at=asked_at or now,
        expires_at=now + purpose.lifetime,
    )
    session.add(link)
    return link.id


async def revoke_links(session: Unit, account_id: UUID, now: datetime, *purposes: LinkPurpose) -> None:
    """Ends the unused links of an account, for these purposes or for all."""
    chosen = purposes or tuple(LinkPurpose)
    these = {"of_account": account_id, "now": now, **places("purpose", chosen)}
    await _revocation(len(chosen)).soon(session, these)


async def has_newer_link(session: Unit, account_id: UUID, purpose: LinkPurpose, asked_at: datetime) -> bool:
    """Whether a link that was asked for later is there already, used or not: an older request then comes too late."""
    asked = {"account_id": account_id, "purpose": purpose.value, "asked_at": asked_at}
    return await _NEWER.first(session, asked) is not None


async def use_link(session: AsyncSession, link_id: UUID, now: datetime, *, lease: UUID | None = None) -> bool:
    """Marks the link used, once; False where somebody was first or it has expired meanwhile."""
    mine = [MailedLink.lease == lease] if lease else []
    used = await session.execute(
        update(MailedLink)
        .where(MailedLink.id == link_id, *mine, *_live(now))
        .values(used_at=now, lease=None, leased_until=None)
        .returning(MailedLink.id)
    )
    return used.first() is not None


async def extend_link(session: Unit, link_id: UUID, purpose: LinkPurpose, now: datetime) -> bool:
    """Gives a link that has waited for its mail its whole lifetime from now on; False where it was used or revoked meanwhile."""
    extended = {"link_id": link_id, "until": now + purpose.lifetime}
    return await _EXTEND.first(session, extended) is not None


def _unused() -> tuple[Any, ...]:
    return (MailedLink.used_at.is_(None), MailedLink.revoked_at.is_(None))


def _live(now: datetime) -> tuple[Any, ...]:
    return (*_unused(), MailedLink.expires_at > now)


_NEWER = Statement(
    select(MailedLink.id)
    .where(
        MailedLink.account_id == bindparam("account_id"),
        MailedLink.purpose == bindparam("purpose"),
        MailedLink.created_at > bindparam("asked_at"),
    )
    .limit(1)
)
_EXTEND = Statement(
    update(MailedLink)
    .where(MailedLink.id == bindparam("link_id"), *_unused())
    .values(expires_at=bindparam("until"))
    .returning(MailedLink.id)
    .execution_options(synchronize_session=False)
)


@cache
def _revocation(count: int) -> Statement:
    """Of the links for so many purposes."""
    these = (MailedLink.account_id == bindparam("of_account"), among(MailedLink.purpose, "purpose", count))
    revoked = update(MailedLink).where(*these, *_unused()).values(revoked_at=bindparam("now"))
    return Statement(revoked.execution_options(synchronize_session=False))
