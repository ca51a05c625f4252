"""The audit trail as CSV, for those who keep it elsewhere or read it in a spreadsheet."""

import json
from collections.abc import Iterable

from app.clock import rfc3339
from app.services.office.audit_trail import AuditItem
from app.services.spreadsheets import csv_lines, harmless

COLUMNS = ("id", "at", "tag", "actor", "account_id", "person_id", "data")


def audit_header() -> str:
    return csv_lines([COLUMNS])


def audit_lines(items: Iterable[AuditItem]) -> str:
    """A line for each event."""
    return csv_lines([harmless(cell) for cell in _cells(item)] for item in items)


def _cells(item: AuditItem) -> tuple[str, ...]:
    data = json.dumps(item.data, ensure_ascii=False, sort_keys=True)
    whom = str(item.account_id or ""), str(item.person_id or "")
    return str(item.id), rfc3339(item.at), item.tag, item.actor, *whom, data
