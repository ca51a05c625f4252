"""Every fault that is drilled, by the word that `make drills ONLY=` takes."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.drills.faults import (
    captcha_provider,
    clock,
    disk,
    kills,
    mail_server,
    postgresql,
    push_provider,
    restoring,
    rolling,
    shedding,
    soak,
    valkey,
)  # fmt: skip
from tests.drills.faults.scene import Seen, Stage

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class FaultDrill:
    word: str
    run: Callable[[Stage], Coroutine[Any, Any, Seen]]
    engines: tuple[str, ...] = (SQLITE, POSTGRESQL)
    is_calm: bool = False
    """Long, and no load for a machine: on both engines at the same time."""


DRILLS = (
    FaultDrill("mixed-kills", kills.killed),
    FaultDrill("postgresql-restarted", postgresql.restarted, (POSTGRESQL,)),
    FaultDrill("postgresql-frozen", postgresql.frozen, (POSTGRESQL,)),
    FaultDrill("postgresql-exhausted", postgresql.exhausted, (POSTGRESQL,)),
    FaultDrill("valkey", valkey.lost, (POSTGRESQL,)),
    FaultDrill("disk", disk.full),
    FaultDrill("mail", mail_server.unreliable),
    FaultDrill("push", push_provider.unreliable),
    FaultDrill("captcha", captcha_provider.unreliable, (POSTGRESQL,)),
    FaultDrill("clock-fast", clock.fast, (POSTGRESQL,)),
    FaultDrill("clock-slow", clock.slow, (POSTGRESQL,)),
    FaultDrill("rolling", rolling.deployed),
    FaultDrill("shedding", shedding.crowded),
    FaultDrill("restore", restoring.restored),
    FaultDrill("soak", soak.soaked, is_calm=True),
)
