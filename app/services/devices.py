"""Where an account's push messages go: apps on devices, each registered by the app itself.

A push token is one account's at a time, unless the accounts are linked: on a shared phone it moves to whoever registers it last. It dies with
sign-out, reset, disable and unlink.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Insert, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database, Statement, Unit
from app.errors import NotFound
from app.models import LinkedAccount, PushDevice, SignInSession
from app.security.digests import Digests
from app.services.account_view import AccountView
from app.services.districts import open_district
from app.services.links import hold_accounts, linked_accounts

STALE_AFTER = timedelta(days=90)
"""Without the app having said that it is there."""
_ONE_OF_A_KIND = (PushDevice.account_id, PushDevice.installation_id)


@dataclass(frozen=True)
class PushRegistration:
    platform: str
    provider: str
    push_token: str
    locale: str | None = None


@dataclass(frozen=True)
class Devices:
    database: Database
    clock: Clock
    digests: Digests
    linking_states: frozenset[str]

    async def register(
        self, account: AccountView, installation_id: str, registration: PushRegistration, *, for_linked: bool = False
    ) -> None:
        """The app is there and may be written to; again and again is fine.

        With `for_linked` the same device gets the messages of all linked accounts, too.

        Raises:
            FeatureDisabled: the district has switched push messages off.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            (await open_district(session, account.district_id)).require("push")
            accounts = [account.id]
            if for_linked:
                linked = await linked_accounts(session, account.id, self.linking_states)
                accounts += [each.id for each in linked if await _wants_push(session, each)]
            await hold_accounts(session, accounts)
            await self._take_from_strangers(session, account.id, installation_id, registration.push_token)
            for account_id in sorted(accounts):  # in one order, as others may be doing the same
                await self._write(session, account_id, installation_id, registration, now)

    async def switch_off(self, account: AccountView, installation_id: str) -> None:
        """No more messages of this account on this device; a later switch of accounts does not turn them on again.

        Raises:
            NotFound: the device is not registered.
        """
        async with self.database.transaction() as session:
            off = await session.execute(
                update(PushDevice)
                .where(
                    PushDevice.account_id == account.id,
                    PushDevice.installation_id == installation_id,
                    PushDevice.switched_off_at.is_(None),
                )
                .values(switched_off_at=self.clock.now())
                .returning(PushDevice.id)
            )
            if off.first() is None:
                raise NotFound

    async def _take_from_strangers(
        self, session: AsyncSession, account_id: UUID, installation_id: str, push_token: str
    ) -> None:
        """Who had this app or this token before, and is not linked with the account, has it no more."""
        group = select(LinkedAccount.group_id).where(
            LinkedAccount.account_id == account_id, LinkedAccount.suspended_at.is_(None)
        )
        kin = select(LinkedAccount.account_id).where(
            LinkedAccount.group_id.in_(group), LinkedAccount.suspended_at.is_(None)
        )
        same = or_(
            PushDevice.installation_id == installation_id, PushDevice.token_digest.in_(self._candidates(push_token))
        )
        in_one_order = select(PushDevice.id).where(same).order_by(PushDevice.account_id).with_for_update()
        await session.execute(in_one_order)
        await session.execute(
            delete(PushDevice)
            .where(same, PushDevice.account_id != account_id, PushDevice.account_id.not_in(kin))
            .execution_options(synchronize_session=False)
        )

    async def _write(
        self,
        session: AsyncSession,
        account_id: UUID,
        installation_id: str,
        registration: PushRegistration,
        now: datetime,
    ) -> None:
        """In one statement, as an app that starts twice asks twice."""
        values = {
            "platform": registration.platform,
            "provider": registration.provider,
            "token_digest": self._candidates(registration.push_token)[0],
            "sealed_token": self.digests.seal(registration.push_token),
            "locale": registration.locale,
            "registered_at": now,
            "switched_off_at": None,
        }
        new = _insert(session).values(id=uuid4(), account_id=account_id, installation_id=installation_id, **values)
        await session.execute(new.on_conflict_do_update(index_elements=_ONE_OF_A_KIND, set_=values))

    def _candidates(self, push_token: str) -> list[str]:
        return self.digests.candidates("push-token", push_token)


async def turn_push_on(session: Unit, account: AccountView, other: AccountView, installation_id: str) -> bool:
    """Registers a device of `account` for the linked `other`, too, if it never was; whether it did."""
    if not await _wants_push(session, other):
        return False
    here = await _HERE.first(session, {"account": account.id, "installation": installation_id})
    if here is None:
        return False
    copied = {"new_id": uuid4(), "account": other.id, "installation": installation_id, **here._asdict()}
    return await _COPY.first(session, copied) is not None


_COPIED = ("platform", "provider", "token_digest", "sealed_token", "locale", "registered_at")
_HERE = Statement(
    select(*(getattr(PushDevice, name).label(f"{name}_") for name in _COPIED)).where(
        PushDevice.account_id == bindparam("account"),
        PushDevice.installation_id == bindparam("installation"),
        PushDevice.switched_off_at.is_(None),
    )
)


def _copy(dialect: Any) -> Insert:
    copied: Insert = (
        dialect.insert(PushDevice)
        .values(
            id=bindparam("new_id"),
            account_id=bindparam("account"),
            installation_id=bindparam("installation"),
            **{name: bindparam(f"{name}_") for name in _COPIED},
        )
        .on_conflict_do_nothing(index_elements=_ONE_OF_A_KIND)
        .returning(PushDevice.id)
    )
    return copied


_COPY = Statement(_copy(postgresql), for_sqlite=_copy(sqlite))


async def forget_push_devices(session: AsyncSession, session_id: UUID, *, with_switched: bool = False) -> None:
    """What a session's app was registered for ends with it."""
    which = SignInSession.id == session_id
    if with_switched:
        which = or_(which, SignInSession.root_session_id == session_id)
    rows = await session.execute(select(SignInSession.account_id, SignInSession.installation_id).where(which))
    for row in rows.all():
        await session.execute(
            delete(PushDevice)
            .where(PushDevice.account_id == row.account_id, PushDevice.installation_id == row.installation_id)
            .execution_options(synchronize_session=False)
        )


def _insert(session: AsyncSession) -> Any:
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(PushDevice)


async def _wants_push(session: Unit, account: AccountView) -> bool:
    return (await open_district(session, account.district_id)).settings.features.push
