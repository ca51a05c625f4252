"""Requests that a client may repeat (`Idempotency-Key`) without doing them twice.

A key is kept for ten minutes with a keyed fingerprint of the request, from which the passwords are left out, and with the account, or
the batch of activation keys, that came of it. No answer is stored: the flow makes a new one.

While secret keys rotate, processes write under different ones. So each request is held under every listed key: whichever of them a
process lists, it meets the request, and of two sendings at the same moment one meets the other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Delete, Select, Update, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import IdempotencyInProgress, IdempotencyKeyReused
from app.models import IdempotencyKey
from app.security.digests import Digests

_Statement = TypeVar("_Statement", Update, Delete)

KEPT_FOR = timedelta(minutes=10)
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class RepeatableRequest:
    """One sending of a request under its `Idempotency-Key`, by digests only: as many as secret keys are listed, newest first."""

    digests: Sequence[str]
    fingerprints: Sequence[str]
    lease: UUID = field(default_factory=uuid4)

    @classmethod
    def of(cls, digests: Digests, *, route: str, key: str, body: Mapping[str, object]) -> "RepeatableRequest":
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
        return cls(
            digests.candidates("idempotency-key", route, key), digests.candidates("idempotency-fingerprint", canonical)
        )


async def begin(session: AsyncSession, request: RepeatableRequest, now: datetime) -> UUID | None:
    """The account or the batch that the first request made, or None where this is the first: then the key is held for 30 seconds.

    Raises:
        IdempotencyKeyReused: the key came with another request before.
        IdempotencyInProgress: the first request is still running.
    """
    rows = {row.digest: row for row in await session.scalars(_of(request))}
    if rows:
        # A process that lists one key of ours alone has taken over what lapsed: then that one tells what happened last.
        last = max(rows.values(), key=lambda row: row.expires_at)
        if made := _made(last, request, now):
            return made
    for digest, fingerprint in sorted(zip(request.digests, request.fingerprints, strict=True)):
        row = rows.get(digest)
        if row is None:
            row = IdempotencyKey(digest=digest)
            session.add(row)
        row.fingerprint, row.lease = fingerprint, request.lease
        row.account_id = row.key_batch_id = None
        row.leased_until, row.expires_at = now + LEASE, now + KEPT_FOR
    try:
        await session.flush()
    except IntegrityError as fault:
        raise IdempotencyInProgress from fault
    return None


async def settle(
    session: AsyncSession,
    request: RepeatableRequest,
    account_id: UUID | None = None,
    *,
    key_batch_id: UUID | None = None,
) -> None:
    """Keeps what came of the request, in the transaction that made it true.

    Raises:
        IdempotencyInProgress: it took so long that its repetition holds the key now.
    """
    await _lock(session, request)
    made = {"account_id": account_id, "key_batch_id": key_batch_id}
    kept = await session.execute(_mine(update(IdempotencyKey), request).values(**made).returning(IdempotencyKey.digest))
    if len(kept.all()) < len(request.digests):
        raise IdempotencyInProgress


async def give_back(session: AsyncSession, request: RepeatableRequest) -> None:
    """After a refusal the client may correct the request and send it under the same key."""
    await _lock(session, request)
    await session.execute(_mine(delete(IdempotencyKey), request))


async def _lock(session: AsyncSession, request: RepeatableRequest) -> None:
    if len(request.digests) > 1:
        await session.execute(_of(request))


def _of(request: RepeatableRequest) -> Select[IdempotencyKey]:
    """In the order in which everybody locks them, so that nobody waits for another in a circle."""
    mine = select(IdempotencyKey).where(IdempotencyKey.digest.in_(request.digests))
    return mine.order_by(IdempotencyKey.digest).with_for_update()


def _made(row: IdempotencyKey, request: RepeatableRequest, now: datetime) -> UUID | None:
    if row.expires_at <= now:
        return None
    if row.fingerprint not in request.fingerprints:
        raise IdempotencyKeyReused
    made = row.account_id or row.key_batch_id
    if made is None and row.leased_until > now:
        raise IdempotencyInProgress
    return made


def _mine(statement: _Statement, request: RepeatableRequest) -> _Statement:
    return statement.where(
        IdempotencyKey.digest.in_(request.digests),
        IdempotencyKey.lease == request.lease,
        IdempotencyKey.account_id.is_(None),
        IdempotencyKey.key_batch_id.is_(None),
    )
