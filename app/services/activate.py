"""Activation: a paper key becomes an account, once.

Reserve (one short commit: check everything that costs nothing, then lease the key), hash (no transaction is open), settle (one commit:
consume the key, write the account, open the session). A refusal gives the lease back; a lost process lets it lapse after 30 seconds.
So a thousand redemptions of one key cost one hash, and no refusal uses the key up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.errors import (
    ActivationKeyExpired,
    FieldError,
    InProgress,
    UsernameTaken,
    ValidationFailed,
)
from app.models import Account, ActivationKey, PasswordHistory
from app.portals import Portal
from app.security.activation_codes import normalise_activation_code
from app.security.digests import Digests
from app.security.hash_pool import HashPool
from app.services import audit, idempotency
from app.services.account_view import AccountView, select_account
from app.services.activation_repeat import ActivationRepeat
from app.services.challenge_questions import wants_answers
from app.services.credential_policy import check_credentials
from app.services.district_settings import PasswordPolicy, UsernamePolicy
from app.services.districts import OpenDistrict
from app.services.idempotency import RepeatableRequest
from app.services.portal_access import confirm_access
from app.services.recovery_email import RecoveryEmail
from app.services.sessions import Device, OpenedSession, Sessions
from app.services.sign_in_ladder import SignInLadder
from app.services.starting_over import start_over
from app.services.typed_keys import TypedKeys
from app.services.usernames import is_anothers
from app.text import fold, tidy
from app.translation import msg

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class KeyOffer:
    """What a key opens, for the screen that asks for a username and a password."""

    portal: Portal
    first_name: str
    expires_at: datetime
    username: str | None
    password_policy: PasswordPolicy
    username_policy: UsernamePolicy


@dataclass(frozen=True)
class ActivationRequest:
    district: str
    activation_key: str
    username: str
    password: str
    password_confirm: str
    recovery_email: str | None = None
    locale: str | None = None
    device: Device = field(default_factory=Device)
    idempotency_key: str | None = None


@dataclass(frozen=True)
class _Reservation:
    key_id: UUID
    lease: UUID
    person_id: UUID
    portal: Portal
    district: OpenDistrict


@dataclass(frozen=True)
class Activation:
    database: Database
    clock: Clock
    digests: Digests
    hash_pool: HashPool
    sessions: Sessions
    recovery_email: RecoveryEmail
    keys: TypedKeys
    ladder: SignInLadder
    repeat: ActivationRepeat

    async def verify(self, district_id: str, activation_key: str) -> KeyOffer:
        """What the key opens; it is not used up.

        Raises:
            DistrictNotFound, FeatureDisabled: public facts of the district.
            ActivationKeyInvalid, ActivationKeyUsed, ActivationKeyExpired: what the key is worth.
        """
        async with self.database.reading() as connection:
            district = await self.keys.district(connection, district_id)
            key = await self.keys.find(connection, district, activation_key)
        return KeyOffer(
            portal=Portal(key.portal),
            first_name=key.first_name,
            expires_at=key.expires_at,
            username=key.username or key.account_username,
            password_policy=district.settings.password_policy,
            username_policy=district.settings.username_policy,
        )

    async def activate(self, request: ActivationRequest) -> OpenedSession:
        """The first session of the account that the key makes, or makes anew for a person who has one.

        Raises:
            ValidationFailed: a rule of the username or the password is broken.
            UsernameTaken, InProgress: somebody else was first.
            IdempotencyKeyReused, IdempotencyInProgress: about the request's `Idempotency-Key`.
            Overloaded: no password could be hashed now.
            and what `verify` raises. No refusal uses the key up.
        """
        self.hash_pool.require_place()
        repeatable = self._repeatable(request)
        if repeatable and (made := await self._begin(repeatable)):
            return await self.repeat.open_session(
                made, request.district, request.username, request.password, request.device
            )
        try:
            await self._refuse_cheaply(request)
            async with self._leased(request) as reservation:
                password_hash = await self.hash_pool.hash(request.password)
                return await self._settle(reservation, request, password_hash, repeatable)
        except BaseException:
            if repeatable:
                async with self.database.transaction() as session:
                    await idempotency.give_back(session, repeatable)
            raise

    async def _refuse_cheaply(self, request: ActivationRequest) -> None:
        """What a look can refuse needs no writer: of a thousand who type the same key, one gets further."""
        async with self.database.reading() as connection:
            key = await self.keys.find(
                connection, await self.keys.district(connection, request.district), request.activation_key
            )
        if key.leased_until is not None and key.leased_until > self.clock.now():
            raise InProgress

    @asynccontextmanager
    async def _leased(self, request: ActivationRequest) -> AsyncIterator[_Reservation]:
        async with self.database.transaction() as session:
            reservation = await self._reserve(session, request)
        try:
            yield reservation
        except BaseException:
            async with self.database.transaction() as session:
                await session.execute(
                    update(ActivationKey)
                    .where(ActivationKey.id == reservation.key_id, ActivationKey.lease == reservation.lease)
                    .values(lease=None, leased_until=None)
                )
            raise

    async def _reserve(self, session: AsyncSession, request: ActivationRequest) -> _Reservation:
        district = await self.keys.district(session, request.district)
        key = await self.keys.find(session, district, request.activation_key)
        _check_fields(request, district, key)
        if await is_anothers(session, district.id, Portal(key.portal), request.username, key.person_id):
            raise UsernameTaken
        now, lease = self.clock.now(), uuid4()
        leased = await session.execute(
            update(ActivationKey)
            .where(
                ActivationKey.id == key.id,
                ActivationKey.used_at.is_(None),
                ActivationKey.revoked_at.is_(None),
                or_(ActivationKey.leased_until.is_(None), ActivationKey.leased_until <= now),
            )
            .values(lease=lease, leased_until=now + LEASE)
            .returning(ActivationKey.id)
        )
        if leased.first() is None:
            raise InProgress
        return _Reservation(key.id, lease, key.person_id, Portal(key.portal), district)

    async def _settle(
        self,
        reservation: _Reservation,
        request: ActivationRequest,
        password_hash: str,
        repeatable: RepeatableRequest | None,
    ) -> OpenedSession:
        now = self.clock.now()
        async with self.database.transaction() as session:
            account = await self._write_account(session, reservation, request, password_hash, now)
            consumed = await session.execute(
                update(ActivationKey)
                .where(
                    ActivationKey.id == reservation.key_id,
                    ActivationKey.lease == reservation.lease,
                    ActivationKey.used_at.is_(None),
                    ActivationKey.revoked_at.is_(None),
                    ActivationKey.expires_at > now,
                )
                .values(used_at=now, account_id=account.id, lease=None, leased_until=None)
                .returning(ActivationKey.id)
            )
            if consumed.first() is None:
                raise InProgress  # the lease lapsed and somebody else holds the key, or the office has just revoked it
            await self.ladder.end_all(session, account.district_id, account.portal, account.username_folded)
            if request.recovery_email:
                await self.recovery_email.ask_to_confirm(session, account, request.recovery_email, now)
            if repeatable:
                await idempotency.settle(session, repeatable, account.id)
            audit.record(
                session,
                "api:account:activated",
                at=now,
                actor=audit.by_account(account.id),
                district_id=reservation.district.id,
                account_id=account.id,
                person_id=reservation.person_id,
                data={"key": str(reservation.key_id), "portal": reservation.portal},
            )
            view = AccountView.of(
                (await session.execute(select_account(wants_answers()).where(Account.id == account.id))).one()
            )
            return await self.sessions.open(session, view, request.device)

    async def _write_account(
        self,
        session: AsyncSession,
        reservation: _Reservation,
        request: ActivationRequest,
        password_hash: str,
        now: datetime,
    ) -> Account:
        """A new account, or the person's account with everything replaced that somebody else may have set before."""
        account = await session.scalar(
            select(Account)
            .where(Account.person_id == reservation.person_id, Account.portal == reservation.portal.value)
            .with_for_update()
        )
        if account is None:
            account = Account(
                id=uuid4(),
                district_id=reservation.district.id,
                person_id=reservation.person_id,
                portal=reservation.portal.value,
                created_at=now,
            )
            session.add(account)
        elif account.disabled_at is not None:
            raise ActivationKeyExpired  # switched off while the hash was computed; only the office switches it on
        else:
            await start_over(session, self.sessions, account, now, reason="activated_again")
            await session.execute(delete(PasswordHistory).where(PasswordHistory.account_id == account.id))
        account.username, account.username_folded = tidy(request.username), fold(request.username)
        account.password_hash, account.password_changed_at = password_hash, now
        account.locale = request.locale
        account.last_signed_in_at = now
        try:
            await session.flush()
        except IntegrityError as fault:
            raise UsernameTaken from fault
        if not await confirm_access(session, reservation.person_id, reservation.portal):
            raise ActivationKeyExpired
        return account

    # A repeated request (Idempotency-Key)

    def _repeatable(self, request: ActivationRequest) -> RepeatableRequest | None:
        if request.idempotency_key is None:
            return None
        body = {
            "district": request.district,
            "activation_key": normalise_activation_code(request.activation_key),
            "username": request.username,
            "recovery_email": request.recovery_email,
            "locale": request.locale,
            "device": repr(request.device),
        }
        return RepeatableRequest.of(self.digests, route="activate", key=request.idempotency_key, body=body)

    async def _begin(self, repeatable: RepeatableRequest) -> UUID | None:
        async with self.database.transaction() as session:
            return await idempotency.begin(session, repeatable, self.clock.now())


def _check_fields(request: ActivationRequest, district: OpenDistrict, key: Row[Any]) -> None:
    if key.username and fold(key.username) != fold(request.username):
        detail = msg("This key comes with a username of its own. Please keep it.")
        raise ValidationFailed([FieldError("/username", "username_fixed", detail, {"username": key.username})])
    check_credentials(
        username=request.username,
        password=request.password,
        password_confirm=request.password_confirm,
        username_policy=district.settings.username_policy,
        password_policy=district.settings.password_policy,
        context_words=[key.first_name, key.last_name, f"{key.first_name}{key.last_name}", district.name, district.id],
        own_student_number=key.student_number if key.portal == Portal.STUDENT else None,
    )
