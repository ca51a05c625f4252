"""The operator's page says of every table how long it is kept, and the worker's hands do so."""

import re
from datetime import UTC, datetime

from app.models import Base
from app.services.pruning import over
from tests.documents.blocks import ROOT

PAGE = ROOT / "docs" / "operations.md"
BY_RETENTION = {"audit_events", "sealed_events", "audit_seals"}


def kept() -> dict[str, str]:
    """How long, by table."""
    section = PAGE.read_text(encoding="utf-8").split("## What is kept")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {table: how_long.strip() for tables, _, how_long in rows for table in re.findall(r"`(\w+)`", tables)}


def test_every_table_is_there() -> None:
    assert set(kept()) == set(Base.metadata.tables)


def test_what_is_pruned_is_what_the_worker_prunes() -> None:
    pruned = {table for table, how_long in kept().items() if how_long.startswith("pruned")}
    worked_on = {table.__tablename__ for table, _ in over(datetime(2026, 8, 3, tzinfo=UTC))}
    assert pruned == worked_on | BY_RETENTION
