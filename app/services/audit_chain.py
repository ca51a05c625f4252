"""What a seal over the audit trail says: the digest of an event, of the events under a seal, and of the seal itself.

Every value is taken as the text that lies in the database, so that one that somebody has damaged has a digest like any other. Both
engines give the same digests.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, cast, func, literal

from app.models import AuditEvent, AuditSeal
from app.security.digests import Digests

NO_DISTRICT = "-"
"""The chain of events of no district; no district is called so."""
EVENT_COLUMNS: tuple[Any, ...] = (
    AuditEvent.id,
    *(
        cast(getattr(AuditEvent, name), Text).label(name)
        for name in ("at", "district_id", "tag", "actor", "account_id", "person_id", "data")
    ),
)
SEAL_COLUMNS: tuple[Any, ...] = (
    *(AuditSeal.chain, AuditSeal.number, cast(AuditSeal.sealed_at, Text).label("sealed_at"), AuditSeal.previous),
    *(AuditSeal.events, AuditSeal.last_event, AuditSeal.events_digest, AuditSeal.pruned_upto),
    *(AuditSeal.digest, AuditSeal.mac),
)


@dataclass(frozen=True)
class Head:
    """A seal, told so that it can be kept elsewhere."""

    chain: str
    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.chain}:{self.number}:{self.digest}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Raises ValueError."""
        chain, number, digest = text.strip().split(":")
        return cls(chain, int(number), digest)


def chain_of() -> ColumnElement[str]:
    """SQL: the chain to which the `AuditEvent` row belongs."""
    return func.coalesce(AuditEvent.district_id, literal(NO_DISTRICT))


def event_digest(row: Row[Any]) -> str:
    """Of a row of `EVENT_COLUMNS`."""
    whom = (_id_in(row.account_id), _id_in(row.person_id))
    return _sha256(row.id, _moment_in(row.at), row.district_id, row.tag, row.actor, *whom, _data_in(row.data))


def events_digest(events: Iterable[tuple[int, str]]) -> str:
    """Of ids and digests, in the order of ids."""
    return hashlib.sha256("".join(f"{event}:{digest}\n" for event, digest in events).encode()).hexdigest()


def seal_digest(seal: Any) -> str:
    """Of a row of `SEAL_COLUMNS`, or of an `AuditSeal`."""
    sealed = (seal.events, seal.last_event, seal.events_digest, seal.pruned_upto)
    return _sha256(seal.chain, seal.number, _moment_in(seal.sealed_at), seal.previous, *sealed)


def mac_of(digests: Digests, digest: str) -> str:
    return digests.digest("audit-seal", digest)


def is_by_us(digests: Digests, digest: str, mac: str) -> bool | None:
    """Whether `mac` was made of `digest` under a listed key; None where it names a key that is not listed."""
    candidates = digests.candidates("audit-seal", digest)
    if mac.partition(":")[0] not in {known.partition(":")[0] for known in candidates}:
        return None
    return any(hmac.compare_digest(mac.encode(), known.encode()) for known in candidates)


def moment(value: datetime | str) -> datetime | None:
    """None where the text is no moment."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _sha256(*values: object) -> str:
    text = json.dumps(values, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _moment_in(value: datetime | str) -> str:
    read = moment(value)
    return read.isoformat(timespec="microseconds") if read else f"not a moment: {value}"


def _id_in(text: str | None) -> str | None:
    """SQLite keeps ids without dashes."""
    return text and text.replace("-", "")


def _data_in(text: str) -> object:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return f"not JSON: {text}"
