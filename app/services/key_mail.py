"""An activation key by mail, to the address on record in the roster.

The outbox's row has the key's id, and nothing else: whose key it is, where it goes and what it says is found out when the letter is
written, so a key that was used, revoked or replaced meanwhile is not mailed, and no key rests anywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Statement, Work
from app.models import Account, ActivationKey, Person
from app.security.activation_codes import normalise_activation_code
from app.security.digests import Digests
from app.security.mailed_keys import MailedKeys
from app.services.daily_quotas import DailyQuotas, LocalDay
from app.services.districts import OpenDistrict
from app.services.key_people import is_unspent
from app.services.keys import IssuedKey, KeyChannel
from app.services.outbox import MailKind, NothingToSend, promise
from app.services.portal_access import may_enter_its_portal
from app.services.promised_mail import PromisedMail
from app.services.typed_keys import DIGEST_PURPOSE
from app.text import fold_address

MAILS_A_DAY = 5
"""To one address (contract, section 8): a family, and not a flood."""


@dataclass(frozen=True)
class KeyMail:
    digests: Digests
    quotas: DailyQuotas

    async def admits(self, session: AsyncSession, district: OpenDistrict, address: str, now: datetime) -> bool:
        """Counts one more mail to this address; False where it has had enough today."""
        day = LocalDay.of(now, district.timezone)
        subject = fold_address(address)
        return await self.quotas.count(session, "activation-key-mail", district.id, subject, day) <= MAILS_A_DAY

    @staticmethod
    def promise(session: AsyncSession, district: OpenDistrict, key: IssuedKey, now: datetime) -> None:
        promise(session, MailKind.ACTIVATION_KEY, district_id=district.id, now=now, mail_id=key.key_id)

    async def prepare(self, work: Work, mail: PromisedMail, district: OpenDistrict, now: datetime) -> dict[str, Any]:
        """What the letter tells, with `activation_key`; addresses it.

        Raises:
            NothingToSend: `superseded` where the key opens nothing any more, `nobody` where the address is gone.
        """
        row = await _KEY.first(work, {"key_id": mail.id, "now": now})
        code = self._code(row, district.id) if row else None
        if row is None or code is None:
            raise NothingToSend("superseded")
        if not row.email:
            raise NothingToSend("nobody")
        mail.to_address, mail.locale, mail.prepared_at = row.email, row.locale, mail.prepared_at or now
        return {
            "first_name": row.first_name,
            "portal": row.portal,
            "activation_key": code,
            "expires_at": row.expires_at,
        }

    def _code(self, row: Any, district_id: str) -> str | None:
        """None where the secret key under which it was made is no longer listed: nobody can use it either."""
        for code in MailedKeys(self.digests).candidates(row.id):
            if row.digest in self.digests.candidates(DIGEST_PURPOSE, district_id, normalise_activation_code(code)):
                return code
        return None


_KEY = Statement(
    select(
        ActivationKey.id,
        ActivationKey.digest,
        ActivationKey.portal,
        ActivationKey.expires_at,
        Person.first_name,
        Person.email,
        Account.locale,
    )
    .join(Person, Person.id == ActivationKey.person_id)
    .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == ActivationKey.portal))
    .where(
        ActivationKey.id == bindparam("key_id"),
        ActivationKey.channel == KeyChannel.EMAIL.value,
        is_unspent(),
        ActivationKey.expires_at > bindparam("now"),
        may_enter_its_portal(ActivationKey.portal),
        Account.disabled_at.is_(None),
    )
)
