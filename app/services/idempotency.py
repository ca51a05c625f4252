"""Requests that a client may repeat (`Idempotency-Key`) without doing them twice.

A key is kept for ten minutes with a keyed fingerprint of the request, from which the passwords are left out, and with the account, or
the batch of activation keys, that came of it. No answer is stored: the flow makes a new one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Delete, Update, delete, update
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
    """One sending of a request under its `Idempotency-Key`, by digests only."""

    digest: str
    fingerprint: str
    lease: UUID = field(default_factory=uuid4)

    @classmethod
    def of(cls, digests: Digests, *, route: str, key: str, body: Mapping[str, object]) -> "RepeatableRequest":
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
        return cls(digests.digest("idempotency-key", route, key), digests.digest("idempotency-fingerprint", canonical))


async def begin(session: AsyncSession, request: RepeatableRequest, now: datetime) -> UUID | None:
    """The account or the batch that the first request made, or None where this is the first: then the key is held for 30 seconds.

    Raises:
        IdempotencyKeyReused: the key came with another request before.
        IdempotencyInProgress: the first request is still running.
    """
    row = await session.get(IdempotencyKey, request.digest, with_for_update=True)
    if row is None:
        session.add(_held(request, now))
        try:
            await session.flush()
        except IntegrityError as fault:
            raise IdempotencyInProgress from fault
        return None
    if row.expires_at > now:
        if row.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        made = row.account_id or row.key_batch_id
        if made is not None:
            return made
        if row.leased_until > now:
            raise IdempotencyInProgress
    row.fingerprint, row.lease = request.fingerprint, request.lease
    row.account_id = row.key_batch_id = None
    row.leased_until, row.expires_at = now + LEASE, now + KEPT_FOR
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
    made = {"account_id": account_id, "key_batch_id": key_batch_id}
    kept = await session.execute(_mine(update(IdempotencyKey), request).values(**made).returning(IdempotencyKey.digest))
    if kept.first() is None:
        raise IdempotencyInProgress


async def give_back(session: AsyncSession, request: RepeatableRequest) -> None:
    """After a refusal the client may correct the request and send it under the same key."""
    await session.execute(_mine(delete(IdempotencyKey), request))


def _mine(statement: _Statement, request: RepeatableRequest) -> _Statement:
    return statement.where(
        IdempotencyKey.digest == request.digest,
        IdempotencyKey.lease == request.lease,
        IdempotencyKey.account_id.is_(None),
        IdempotencyKey.key_batch_id.is_(None),
    )


def _held(request: RepeatableRequest, now: datetime) -> IdempotencyKey:
    return IdempotencyKey(
        digest=request.digest,
        fingerprint=request.fingerprint,
        lease=request.lease,
        leased_until=now + LEASE,
        expires_at=now + KEPT_FOR,
    )
