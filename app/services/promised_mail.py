"""A message that a worker has claimed, while it is made ready to leave."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.database import Statement, Work
from app.models import District, OutboxMail
from app.services.districts import OpenDistrict, district_columns, district_of, opened
from app.services.outbox import NothingToSend


@dataclass
class PromisedMail:
    """What `OutboxMail` says of it. What is changed here is kept by `keep`."""

    id: UUID
    kind: str
    channel: str
    push_device_id: UUID | None
    account_id: UUID | None
    to_address: str | None
    locale: str | None
    details: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    prepared_at: datetime | None


_KEPT = tuple(PromisedMail.__dataclass_fields__)
_CLAIMED = Statement(
    select(*(getattr(OutboxMail, name) for name in _KEPT), *district_columns(District, "district_"))
    .join(District, District.id == OutboxMail.district_id)
    .where(
        OutboxMail.id == bindparam("mail_id"),
        OutboxMail.lease == bindparam("lease"),
        OutboxMail.finished_at.is_(None),
    )
    .with_for_update(of=OutboxMail)
)
_CHANGED = ("account_id", "to_address", "locale", "details", "prepared_at")
_KEEP = Statement(
    update(OutboxMail)
    .where(OutboxMail.id == bindparam("mail_id"))
    .values({name: bindparam(f"new_{name}", type_=OutboxMail.__table__.c[name].type) for name in _CHANGED})
)


@dataclass(frozen=True)
class Claimed:
    """The message, and the district that it speaks for."""

    mail: PromisedMail
    district: OpenDistrict
    _before: PromisedMail

    async def keep(self, work: Work) -> None:
        """Writes down what has become of it, if anything has."""
        if self.mail != self._before:
            changed = {f"new_{name}": getattr(self.mail, name) for name in _CHANGED}
            await _KEEP.soon(work, {"mail_id": self.mail.id, **changed})


async def claimed(work: Work, mail_id: UUID, lease: UUID, now: datetime) -> Claimed:
    """The message as it stands, held until the work is done: nobody else changes it meanwhile.

    Raises:
        NothingToSend: `superseded` where somebody else holds it or has finished it, `given_up` after its time.
    """
    row = await _CLAIMED.first(work, {"mail_id": mail_id, "lease": lease})
    if row is None:
        raise NothingToSend("superseded")
    if row.expires_at <= now:
        raise NothingToSend("given_up")
    mail = PromisedMail(**{name: getattr(row, name) for name in _KEPT})
    return Claimed(mail, opened(district_of(row, "district_")), replace(mail))
