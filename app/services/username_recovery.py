"""A forgotten username: one mail lists every username of a confirmed address in the district, each with its reset link.

Five a day of the district; the sixth is refused until local midnight, for an address that nobody has as for any other. (Atlanta's document:
"On the sixth try, the user will be locked out of their account and will need to wait until the next day to try again.")
"""

from collections.abc import Collection
from dataclasses import dataclass

from app.clock import Clock
from app.database import Asks, Database
from app.errors import DailyLimitReached
from app.services import audit
from app.services.daily_quotas import DailyQuotas, LocalDay
from app.services.districts import OpenDistrict
from app.services.outbox import MailKind, promise
from app.text import fold_address

MAILS_A_DAY = 5
_QUOTA = "username-recovery"


@dataclass(frozen=True)
class UsernameRecovery:
    database: Database
    clock: Clock
    quotas: DailyQuotas

    async def request(self, district: OpenDistrict, email: str, locale: str | None) -> None:
        """Promises a mail to the address, if it is somebody's; nothing tells.

        Raises:
            FeatureDisabled, Maintenance: public facts of the district.
            DailyLimitReached: the sixth of a district-local day, and any after it.
        """
        now = self.clock.now()
        district.require_no_maintenance(now)
        district.require("username_recovery")
        async with self.database.transaction() as session:
            day = LocalDay.of(now, district.timezone)
            count = await self.quotas.count(session, _QUOTA, district.id, fold_address(email), day)
            if count <= MAILS_A_DAY:
                details = {"address_folded": fold_address(email)}
                promise(
                    session,
                    MailKind.USERNAME_RECOVERY,
                    district_id=district.id,
                    now=now,
                    locale=locale,
                    details=details,
                )
            elif count == MAILS_A_DAY + 1:
                # Of nobody: whose address it is, this request does not look for.
                audit.record(
                    session, "api:username_recovery:locked", at=now, actor=audit.ANONYMOUS, district_id=district.id
                )
        if (
            count > MAILS_A_DAY
        ):  # after the commit: the sixth try itself counts, for districts that lock the account by it
            raise DailyLimitReached(day.seconds_left(now))

    @staticmethod
    def may_lock(district: OpenDistrict) -> bool:
        """Whether the district wants accounts kept shut at all; hardly any does."""
        return district.settings.username_recovery.lockout == "account"

    async def locks_sign_in(self, connection: Asks, district: OpenDistrict, address_folded: str | None) -> bool:
        """Whether too many requests for this address keep its accounts shut today, where the district wants that."""
        return bool(await self.locked_addresses(connection, district, {address_folded} if address_folded else set()))

    async def locked_addresses(
        self, connection: Asks, district: OpenDistrict, addresses_folded: Collection[str]
    ) -> set[str]:
        """Those of the addresses whose accounts are kept shut today by too many requests."""
        if not self.may_lock(district) or not addresses_folded:
            return set()
        day = LocalDay.of(self.clock.now(), district.timezone)
        counts = await self.quotas.counted(connection, _QUOTA, district.id, addresses_folded, day)
        return {address for address, count in counts.items() if count > MAILS_A_DAY}
