"""An activation key as somebody typed it: which one it is, and what it is worth."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.clock import Clock
from app.errors import ActivationKeyExpired, ActivationKeyInvalid, ActivationKeyUsed
from app.models import Account, ActivationKey, Person
from app.portals import Portal
from app.security.activation_codes import normalise_activation_code
from app.security.digests import Digests
from app.services.districts import OpenDistrict, open_district
from app.services.portal_access import may_enter_its_portal

DIGEST_PURPOSE = "activation-key"


@dataclass(frozen=True)
class TypedKeys:
    clock: Clock
    digests: Digests

    async def district(self, connection: AsyncConnection | AsyncSession, district_id: str) -> OpenDistrict:
        """The district, if keys can be used there now.

        Raises:
            DistrictNotFound, FeatureDisabled, Maintenance: public facts of the district.
        """
        district = await open_district(connection, district_id)
        now = self.clock.now()
        district.require_no_maintenance(now)
        district.require("activation", now)
        return district

    async def find(self, connection: AsyncConnection | AsyncSession, district: OpenDistrict, typed: str) -> Row[Any]:
        """The key with its person and, where there is one, the account.

        Raises:
            ActivationKeyInvalid: nobody has been given such a key here, or it was taken back.
            ActivationKeyUsed, ActivationKeyExpired: it opens nothing any more; expired too where its person may not enter.
            FeatureDisabled: the district has closed the portal of this key.
        """
        key = (await connection.execute(self._query(district.id, typed))).one_or_none()
        if key is None:
            raise ActivationKeyInvalid
        district.require_portal(Portal(key.portal))
        if key.used_at is not None:
            raise ActivationKeyUsed
        if key.expires_at <= self.clock.now() or not key.may_enter:
            raise ActivationKeyExpired
        if key.revoked_at is not None:
            raise ActivationKeyInvalid
        return key

    def _query(self, district_id: str, typed: str) -> Any:
        digests = self.digests.candidates(DIGEST_PURPOSE, district_id, normalise_activation_code(typed))
        return (
            select(
                ActivationKey.id,
                ActivationKey.person_id,
                ActivationKey.portal,
                ActivationKey.username,
                ActivationKey.expires_at,
                ActivationKey.used_at,
                ActivationKey.revoked_at,
                ActivationKey.leased_until,
                Person.first_name,
                Person.last_name,
                Person.student_number,
                Account.id.label("account_id"),
                Account.username.label("account_username"),
                and_(may_enter_its_portal(ActivationKey.portal), Account.disabled_at.is_(None)).label("may_enter"),
            )
            .join(Person, Person.id == ActivationKey.person_id)
            .outerjoin(Account, (Account.person_id == Person.id) & (Account.portal == ActivationKey.portal))
            .where(ActivationKey.district_id == district_id, ActivationKey.digest.in_(digests))
        )
