"""From a promise to push messages: which devices the account has, in which language each is told.

A promise names an account. The worker makes one row of it for each device, so that each is tried, postponed and given up by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.database import Database
from app.models import Account, OutboxMail, PushDevice
from app.push.message import PushMessage, push_message
from app.security.digests import Digests
from app.services.districts import open_district
from app.services.outbox import NothingToSend


@dataclass(frozen=True)
class PushPreparation:
    database: Database
    clock: Clock
    digests: Digests

    async def prepare(self, mail_id: UUID, lease: UUID) -> PushMessage:
        """The message of a claimed promise.

        Raises:
            NothingToSend: `superseded`, `given_up`, or `fanned_out` where it became one promise for each device.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            promised = await session.get(OutboxMail, mail_id, with_for_update=True)
            if promised is None or promised.lease != lease or promised.finished_at is not None:
                raise NothingToSend("superseded")
            if promised.expires_at <= now:
                raise NothingToSend("given_up")
            if promised.push_device_id is None:
                outcome = await self._fan_out(session, promised, now)
            else:
                return await self._message(session, promised)
        raise NothingToSend(outcome)  # after the commit: the promises for the devices are kept

    async def forget(self, mail_id: UUID, since: datetime | None) -> None:
        """The provider no longer knows the token: the device goes, unless it was registered again meanwhile."""
        async with self.database.transaction() as session:
            of_message = select(OutboxMail.push_device_id).where(OutboxMail.id == mail_id).scalar_subquery()
            gone = [PushDevice.registered_at <= since] if since else []
            await session.execute(
                delete(PushDevice)
                .where(PushDevice.id == of_message, *gone)
                .execution_options(synchronize_session=False)
            )

    async def _fan_out(self, session: AsyncSession, promised: OutboxMail, now: datetime) -> str:
        district = await open_district(session, promised.district_id)
        devices = await session.scalars(
            select(PushDevice.id)
            .join(Account, Account.id == PushDevice.account_id)
            .where(
                PushDevice.account_id == promised.account_id,
                PushDevice.switched_off_at.is_(None),
                Account.disabled_at.is_(None),
            )
        )
        found = list(devices) if district.settings.features.push else []
        for device_id in found:
            session.add(
                OutboxMail(
                    district_id=promised.district_id,
                    kind=promised.kind,
                    channel=promised.channel,
                    account_id=promised.account_id,
                    push_device_id=device_id,
                    locale=promised.locale,
                    created_at=now,
                    prepared_at=now,
                    expires_at=promised.expires_at,
                    due_at=now,
                )
            )
        return "fanned_out" if found else "nobody"

    async def _message(self, session: AsyncSession, promised: OutboxMail) -> PushMessage:
        device = await session.get(PushDevice, promised.push_device_id)
        token = self.digests.unseal(device.sealed_token) if device and device.switched_off_at is None else None
        if device is None or token is None:
            raise NothingToSend("superseded")
        return push_message(
            promised.kind,
            device.locale or promised.locale,
            message_id=promised.id,
            provider="fcm" if device.provider == "fcm" else "apns",
            token=token,
            ids={"account_id": device.account_id},
            expires_at=promised.expires_at,
        )
