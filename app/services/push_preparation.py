"""From a promise to a push message, at the moment when it leaves: the device may have gone meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from app.clock import Clock
from app.database import Database
from app.models import Account, OutboxMail, PushDevice
from app.portals import Portal
from app.push.message import PushMessage, push_message
from app.security.digests import Digests
from app.services.districts import open_district
from app.services.menu import wants_push
from app.services.outbox import NothingToSend


@dataclass(frozen=True)
class PushPreparation:
    database: Database
    clock: Clock
    digests: Digests

    async def prepare(self, mail_id: UUID, lease: UUID) -> PushMessage:
        """The message of a claimed promise.

        Raises:
            NothingToSend: `superseded` or `given_up`.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            promised = await session.get(OutboxMail, mail_id, with_for_update=True)
            if promised is None or promised.lease != lease or promised.finished_at is not None:
                raise NothingToSend("superseded")
            if promised.expires_at <= now:
                raise NothingToSend("given_up")
            district = await open_district(session, promised.district_id)
            device = await session.get(PushDevice, promised.push_device_id)
            if device is None or device.switched_off_at:
                raise NothingToSend("superseded")
            owner = await session.get_one(Account, device.account_id)
            if not await wants_push(session, owner.person_id, Portal(owner.portal), district):
                raise NothingToSend("superseded")
            return self._message(promised, device)

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

    def _message(self, promised: OutboxMail, device: PushDevice) -> PushMessage:
        token = self.digests.unseal(device.sealed_token)
        if (
            token is None
        ):  # sealed under a secret key that has been taken out; the app registers again at its next start
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
