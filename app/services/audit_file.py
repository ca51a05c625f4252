"""The audit trail as CSV, for those who keep it elsewhere or read it in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable

from app.services.audit_trail import AuditItem

COLUMNS = ("id", "at", "tag", "actor", "account_id", "person_id", "data")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_header() -> str:
    return _lines([COLUMNS])


def csv_lines(items: Iterable[AuditItem]) -> str:
    """A line for each event; what a spreadsheet would take for a formula begins with an apostrophe."""
    return _lines([_harmless(cell) for cell in _cells(item)] for item in items)


def _cells(item: AuditItem) -> tuple[str, ...]:
    at = item.at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    data = json.dumps(item.data, ensure_ascii=False, sort_keys=True)
    return str(item.id), at, item.tag, item.actor, str(item.account_id or ""), str(item.person_id or ""), data


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
