"""Single values: what is accepted, what is corrected, what is a fault."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.table import Table

LONGEST_TEXT = 255
_LONGEST_EMAIL = 254
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_WHOLE_SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
# Addresses that a mail server can take without quoting; nothing in them can end a header or a bracket.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+\.[^\s@<>()\[\]\\,;:\"]+")
_USER_ID = re.compile(r"\{([^:{}]*):([^{}]*)\}")
_USER_IDS = re.compile(rf"{_USER_ID.pattern}(?:\s*,\s*{_USER_ID.pattern})*")
STATE_ID_TYPES = ("gtid", "stateid", "state_id", "ssid", "state")

SsnDigests = Callable[[str, str], tuple[str, ...]]
"""From a student's sourcedId and four digits: what their stored digest may look like, newest key first."""


def boolean(table: Table, row: int, column: str, value: str) -> bool:
    folded = value.lower()
    if folded not in {"true", "false"}:
        table.fault(FaultCode.BAD_BOOLEAN, row, column)
    elif folded != value:
        table.warn(WarningCode.NOT_LOWER_CASE, row, column)
    return folded == "true"


def calendar_date(table: Table, row: int, column: str, value: str) -> date | None:
    found = date_of(value)
    if value and found is None:
        table.fault(FaultCode.BAD_DATE, row, column)
    return found


@lru_cache(maxsize=8_192)
def date_of(value: str) -> date | None:
    """Birth dates repeat, so that one object of each keeps a large roster small."""
    try:
        return date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        return None


def text(table: Table, row: int, column: str, value: str) -> str:
    if len(value) > LONGEST_TEXT:
        table.fault(FaultCode.TOO_LONG, row, column)
    return value


def number(table: Table, row: int, column: str, value: str) -> str | None:
    """A student or state number. One that is written like a social security number is refused: some schools once used those."""
    if not value:
        return None
    if _WHOLE_SSN.fullmatch(value):
        table.fault(FaultCode.SSN_LAST4_ONLY, row, column)
    return text(table, row, column, value)


def email(table: Table, row: int, value: str) -> str | None:
    if not value:
        return None
    if is_email(value):
        return value
    table.warn(WarningCode.EMAIL_DROPPED, row, "email")
    return None


def is_email(value: str) -> bool:
    """Whether a mail could be sent there, and stored here."""
    return len(value) <= _LONGEST_EMAIL and bool(_EMAIL.fullmatch(value))


def sourced_ids(value: str) -> tuple[str, ...]:
    """A list in one field, without blanks and repetitions."""
    if "," not in value:
        return (value,) if value else ()
    return tuple(dict.fromkeys(part for part in map(str.strip, value.split(",")) if part))


def state_id(table: Table, row: int, user_ids: str) -> str | None:
    """The entry of `{Type:Id},{Type:Id}` that is the state's number of the student."""
    if not user_ids:
        return None
    if not _USER_IDS.fullmatch(user_ids):
        table.warn(WarningCode.UNREADABLE_USER_IDS, row, "userIds")
    by_type = {kind.strip().lower(): given.strip() for kind, given in _USER_ID.findall(user_ids)}
    found = next((by_type[kind] for kind in STATE_ID_TYPES if by_type.get(kind)), "")
    return number(table, row, "userIds", found)


def ssn_last4(table: Table, row: int, digests: SsnDigests, sourced_id: str, value: str) -> tuple[str, ...]:
    """Digests of the four digits; the digits themselves go no further. Empty where there are none."""
    if not value:
        return ()
    if _FOUR_DIGITS.fullmatch(value):
        return digests(sourced_id, value)
    table.fault(FaultCode.SSN_LAST4_ONLY, row, "metadata.ssnLast4")
    return ()
