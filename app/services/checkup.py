"""What is wrong with a service that runs: each part is asked, and says `ok`, `skipped`, or what to do.

The ids of checks and of their findings are kept from release to release, for scripts.
"""

import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import and_, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import Clock, rfc3339
from app.database import Database
from app.doctor import Finding
from app.mail.senders import MailPostponed, MailRefused, MailSender, SmtpSender
from app.models import AuditEvent, AuditSeal, District, OutboxMail, Person, SigningKey
from app.services.secret_standing import SecretStanding
from app.services.worker_beats import MISSED_AFTER, last_beat
from app.settings import PREFIX, Settings

SKEW = timedelta(seconds=5)
MAILS_WAIT = timedelta(minutes=10)
SEALS_WAIT = timedelta(minutes=15)
ROSTER_IS_OLD = timedelta(days=30)
LITTLE_ROOM, NO_ROOM = 1_000_000_000, 100_000_000
"""Bytes."""

_RIGHTS = text(
    "SELECT current_user, pg_has_role(relowner, 'MEMBER'), "
    "has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'TRUNCATE') "
    "FROM pg_class WHERE oid = 'audit_events'::regclass"
)

State = Literal["ok", "warning", "unsafe", "skipped"]


@dataclass(frozen=True)
class Check:
    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    skipped: bool = False

    @property
    def state(self) -> State:
        if self.skipped:
            return "skipped"
        severities = {finding.severity for finding in self.findings}
        return "unsafe" if "unsafe" in severities else "warning" if severities else "ok"


@dataclass(frozen=True)
class Checkup:
    settings: Settings
    database: Database
    clock: Clock
    secret_standing: SecretStanding
    mail_sender: MailSender

    async def checks(self, *, greet_mail_server: bool = False) -> list[Check]:
        """Of a service whose database is there and migrated."""
        asked: list[Callable[[AsyncConnection], Awaitable[Check]]] = [
            *(
                self._clock,
                self._database_role,
                self._worker,
                self._outbox,
                self._audit,
                self._rosters,
                self._signing_keys,
            ),
        ]
        async with self.database.reading() as connection:
            checks = [await ask(connection) for ask in asked]
        return [*checks, await self._secret_keys(), self._disk(), await self._mail(greet=greet_mail_server)]

    async def _clock(self, connection: AsyncConnection) -> Check:
        if self.database.is_sqlite:
            return Check("clock", skipped=True)  # the database is this process
        before = self.clock.now()
        theirs = await connection.scalar(select(func.clock_timestamp()))
        between = before + (self.clock.now() - before) / 2
        skew = abs(theirs.astimezone(UTC) - between).total_seconds() if theirs else 0
        found = [
            Finding(
                "warning",
                "clock",
                f"this machine and the database server are {skew:.0f} seconds apart; keep NTP running on both",
                "clock.skew",
            )
        ]
        return Check("clock", {"skew_seconds": round(skew, 1)}, found if skew > SKEW.total_seconds() else ())

    async def _database_role(self, connection: AsyncConnection) -> Check:
        """Whoever takes over a process that serves should not be able to rewrite the trail."""
        if self.database.is_sqlite:
            return Check("database_role", skipped=True)
        role, owns, rewrites = (await connection.execute(_RIGHTS)).one()
        findings = []
        if owns:
            advice = f"{role} owns the tables, and so could rewrite the audit trail; serve as a role of its own (examples/running/README.md)"
            findings = [Finding("warning", "database_role", advice, "database_role.owner")]
        elif rewrites:
            advice = f"{role} may change the audit trail; run examples/running/postgresql/rights.sql as the owner of the tables"
            findings = [Finding("warning", "database_role", advice, "database_role.rights")]
        return Check("database_role", {"owns_tables": owns}, findings)

    async def _worker(self, connection: AsyncConnection) -> Check:
        seen = await last_beat(connection)
        facts = {"last_seen_at": seen}
        is_missed = seen is None or seen < self.clock.now() - MISSED_AFTER
        if not is_missed or not await _is_in_use(connection):
            return Check("worker", facts)
        since = f"since {rfc3339(seen)}" if seen else "so far"
        advice = f"no `campus worker` was seen {since}: mails wait, nothing is pruned or sealed"
        return Check("worker", facts, [Finding("warning", "worker", advice, "worker.none")])

    async def _outbox(self, connection: AsyncConnection) -> Check:
        due = and_(OutboxMail.finished_at.is_(None), OutboxMail.due_at <= self.clock.now())
        query = select(func.count(), func.min(OutboxMail.created_at)).select_from(OutboxMail).where(due)
        count, oldest = (await connection.execute(query)).one()
        facts = {"due": count, "oldest_at": oldest}
        if not count or oldest > self.clock.now() - MAILS_WAIT:
            return Check("outbox", facts)
        advice = f"{count} mails or push messages are due, one since {rfc3339(oldest)}: is a worker running, and the mail server there?"
        return Check("outbox", facts, [Finding("warning", "outbox", advice, "outbox.late")])

    async def _audit(self, connection: AsyncConnection) -> Check:
        """Events with higher numbers than any that was sealed, which is cheap to ask; `campus audit verify` asks for all."""
        sealed = select(func.coalesce(func.max(AuditSeal.last_event), 0)).scalar_subquery()
        late = and_(AuditEvent.id > sealed, AuditEvent.at < self.clock.now() - SEALS_WAIT)
        query = select(func.count(), func.min(AuditEvent.at)).select_from(AuditEvent).where(late)
        count, oldest = (await connection.execute(query)).one()
        facts = {"unsealed": count, "oldest_at": oldest}
        if not count or not await _is_in_use(connection):
            return Check("audit", facts)
        advice = f"{count} events lie under no seal, the oldest of {rfc3339(oldest)}; a worker seals them every minute"
        return Check("audit", facts, [Finding("warning", "audit", advice, "audit.late")])

    async def _rosters(self, connection: AsyncConnection) -> Check:
        """Of open districts with people in them. What nobody has imported lately grants access to whoever has left."""
        since = self.clock.now() - ROSTER_IS_OLD
        imported = and_(AuditEvent.district_id == District.id, AuditEvent.at > since)
        fresh = exists().where(imported, AuditEvent.tag.like("%:roster:imported"))
        people = exists().where(Person.district_id == District.id)
        stale = select(District.id).where(District.opened_at.is_not(None), people, ~fresh).order_by(District.id)
        names = list((await connection.execute(stale)).scalars())
        days = ROSTER_IS_OLD.days
        advice = f"no roster was imported for {days} days in {len(names)} districts: {', '.join(names[:5])}"
        found = [Finding("warning", "rosters", advice, "rosters.stale")] if names else ()
        return Check("rosters", {"stale": names}, found)

    async def _signing_keys(self, connection: AsyncConnection) -> Check:
        """Keys of the environment have no age; those of the database do."""
        if self.settings.signing_keys:
            return Check("signing_keys", {"listed": len(self.settings.signing_keys)})
        newest = await connection.scalar(select(func.max(SigningKey.created_at)))
        return Check("signing_keys", {"listed": 0, "in_database_since": newest})

    async def _secret_keys(self) -> Check:
        keys = await self.secret_standing.keys()
        findings = []
        for each in keys:
            if each.standing == "unknown" and any(h.way in {"kept", "reseal"} for h in each.hanging):
                rows = ", ".join(f"{h.count} {h.what}" for h in each.hanging)
                advice = f"{rows} hang on {'a key' if each.key == 'unknown' else each.key}, which is not listed: list it again behind the others"
                findings.append(Finding("warning", f"{PREFIX}SECRET_KEYS", advice, "secret_keys.missing"))
            elif each.wants_reseal:
                advice = f"{each.key} is listed behind another one: when all processes have that first, run `campus secrets reseal`"
                findings.append(Finding("warning", f"{PREFIX}SECRET_KEYS", advice, "secret_keys.reseal"))
            elif each.may_go:
                advice = f"nothing hangs on {each.key} any more: take it out of the list"
                findings.append(Finding("warning", f"{PREFIX}SECRET_KEYS", advice, "secret_keys.spare"))
        facts = {each.key: each.standing for each in keys}
        return Check("secret_keys", facts, findings)

    def _disk(self) -> Check:
        """Where the database, or else what is written beside it, lies."""
        folder = _existing(self.settings.data_folder.absolute())
        free = shutil.disk_usage(folder).free
        advice = f"{free // 1_000_000} MB are left where {folder} lies"
        severity: Literal["unsafe", "warning"] = "unsafe" if free < NO_ROOM else "warning"
        found = [Finding(severity, "disk", advice, "disk.full")] if free < LITTLE_ROOM else ()
        return Check("disk", {"free_bytes": free}, found)

    async def _mail(self, *, greet: bool) -> Check:
        if not greet or not isinstance(self.mail_sender, SmtpSender):
            return Check("mail", skipped=True)
        try:
            await self.mail_sender.greet(self.settings.mail_from.rpartition("@")[2])
        except (MailPostponed, MailRefused) as fault:
            advice = f"the mail server cannot be used ({fault}); mails wait for a day"
            return Check("mail", findings=[Finding("warning", f"{PREFIX}MAIL_URL", advice, "mail.unreachable")])
        return Check("mail")


async def _is_in_use(connection: AsyncConnection) -> bool:
    """A database that nobody has opened a district in needs no worker yet."""
    return (
        await connection.execute(select(District.id).where(District.opened_at.is_not(None)).limit(1))
    ).first() is not None


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)
