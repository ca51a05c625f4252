"""What must be true of the tables at every moment, whoever was killed or lost meanwhile: asked by SQL of its own, not through the rules.

Most of it is one table of statements that must find nothing. The district of a row is derived from the models, so that a new
table is looked at from the day it is there.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import combinations
from typing import Any

from sqlalchemy import Column, ForeignKey, Select, Table, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import FromClause

from app.composition import open_campus
from app.database import unhurried
from app.models import Base
from app.settings import Settings

_ACROSS_DISTRICTS = {("sessions", "switched_from_id")}
"""What the law lets tie two districts: accounts that their owner has linked."""

MUST_FIND_NOTHING: Mapping[str, str] = {
    "a key was used, and its account is not there": """
        SELECT k.id FROM activation_keys k LEFT JOIN accounts a ON a.id = k.account_id
        WHERE k.used_at IS NOT NULL AND (a.id IS NULL OR a.person_id <> k.person_id OR a.portal <> k.portal)""",
    "a key has an account, and was not used": """
        SELECT id FROM activation_keys WHERE used_at IS NULL AND account_id IS NOT NULL""",
    "a person has two live keys of a portal": """
        SELECT person_id FROM activation_keys WHERE used_at IS NULL AND revoked_at IS NULL
        GROUP BY person_id, portal HAVING count(*) > 1""",
    "an activation is in the trail, and its key was not used for an account at that moment": """
        SELECT e.id FROM audit_events e WHERE e.tag = 'api:account:activated' AND NOT EXISTS (
            SELECT 1 FROM activation_keys k WHERE k.person_id = e.person_id AND k.used_at = e.at AND k.account_id = e.account_id)""",
    "a key was used, and the trail does not know": """
        SELECT k.id FROM activation_keys k WHERE k.used_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM audit_events e WHERE e.account_id = k.account_id AND e.at = k.used_at)""",
    "one refresh token opens two families": """
        SELECT refresh_digest FROM sessions WHERE ended_at IS NULL GROUP BY refresh_digest HAVING count(*) > 1""",
    "a family has a second live refresh token": """
        SELECT s.id FROM sessions s WHERE s.ended_at IS NULL AND (s.refresh_digest = s.previous_refresh_digest
            OR EXISTS (SELECT 1 FROM sessions o WHERE o.id <> s.id AND o.previous_refresh_digest = s.refresh_digest)
            OR (s.previous_refresh_digest IS NULL) <> (s.rotated_at IS NULL))""",
    "a session is there, and the trail does not know of its sign-in": """
        SELECT s.id FROM sessions s WHERE s.switched_from_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM audit_events e WHERE e.account_id = s.account_id AND e.at = s.signed_in_at)""",
    "a sign-in is in the trail, and its session is not there": """
        SELECT e.id FROM audit_events e WHERE e.tag = 'api:session:started' AND NOT EXISTS (
            SELECT 1 FROM sessions s WHERE s.account_id = e.account_id AND s.signed_in_at = e.at)""",
    "a session ended without a reason, or has one and goes on": """
        SELECT id FROM sessions WHERE (ended_at IS NULL) <> (ended_reason IS NULL)""",
    "an account is half-written": """
        SELECT a.id FROM accounts a JOIN persons p ON p.id = a.person_id
        WHERE (a.recovery_email IS NULL) <> (a.recovery_email_folded IS NULL) OR a.username_folded = ''
            OR (a.password_hash IS NOT NULL AND a.password_changed_at IS NULL)""",
    "a new address is to be confirmed, and nobody asked it": """
        SELECT e.id FROM audit_events e JOIN accounts a ON a.id = e.account_id
        WHERE e.tag = 'api:account:recovery_email_set' AND NOT EXISTS (
            SELECT 1 FROM outbox_mails m WHERE m.account_id = e.account_id AND m.created_at = e.at AND m.kind = 'confirm_recovery_email')""",
    "a password was changed, and the owner is not told": """
        SELECT e.id FROM audit_events e JOIN accounts a ON a.id = e.account_id
        WHERE e.tag IN ('api:account:password_changed', 'api:account:password_reset') AND a.recovery_email_confirmed_at < e.at
            AND NOT EXISTS (SELECT 1 FROM outbox_mails m WHERE m.account_id = e.account_id AND m.created_at = e.at
                AND m.kind = 'password_changed' AND m.channel = 'mail')""",
    "the owner is told of what is not in the trail": """
        SELECT m.id FROM outbox_mails m WHERE m.kind IN ('password_changed', 'recovery_email_changed', 'accounts_linked', 'totp_changed')
            AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.account_id = m.account_id AND e.at = m.created_at)""",
    "a mail is finished without an outcome, or has one and waits": """
        SELECT id FROM outbox_mails WHERE (finished_at IS NULL) <> (outcome IS NULL)
            OR (finished_at IS NOT NULL AND (to_address IS NOT NULL OR lease IS NOT NULL))""",
    "a mailed link was used twice, or used after it was revoked": """
        SELECT id FROM mailed_links WHERE used_at IS NOT NULL AND revoked_at IS NOT NULL AND used_at > revoked_at""",
}


async def broken(settings: Settings) -> list[str]:
    """What is not as it must be, in words with the ids of rows; nothing where all is well. Seals what is not sealed yet."""
    with unhurried():  # an hour's work is much to look through
        return await _broken(settings)


async def _broken(settings: Settings) -> list[str]:
    async with open_campus(settings) as campus:
        async with campus.database.reading() as connection:
            found = [fault async for fault in _broken_rows(connection)]
        await campus.audit_sealing.seal(everything=True)
        for report in await campus.audit_verification.verify():
            found += [f"audit of {report.chain}: {count} x {what}" for what, count in report.counts.items()]
    return found


async def _broken_rows(connection: AsyncConnection) -> AsyncIterator[str]:
    for what, statement in MUST_FIND_NOTHING.items():
        rows = (await connection.execute(text(statement))).all()
        if rows:
            yield f"{what}: {len(rows)}, such as {rows[0][0]}"
    for what, query in rows_of_two_districts():
        rows = (await connection.execute(query)).all()
        if rows:
            yield f"{what}: {len(rows)}"


def rows_of_two_districts() -> Iterator[tuple[str, Select[Any]]]:
    """For each table, the rows whose own district and those of the rows that they name are not one."""
    for table in Base.metadata.sorted_tables:
        joined, districts = _with_districts(table)
        if len(districts) > 1:
            differ = or_(*(one != other for one, other in combinations(districts, 2)))
            yield (
                f"{table.name} ties two districts",
                select(*table.primary_key.columns).select_from(joined).where(differ),
            )


def _with_districts(table: Table) -> tuple[FromClause, list[Column[Any]]]:
    """The table joined to the rows that it names, and every column of these that says a district."""
    joined: FromClause = table
    districts = [table.c.district_id] if "district_id" in table.c else []
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        if key.column.table.name == "districts" or (table.name, key.parent.name) in _ACROSS_DISTRICTS:
            continue
        named = key.column.table.alias(f"{table.name}_{key.parent.name}")
        joined = joined.outerjoin(named, named.c[key.column.name] == key.parent)
        if "district_id" in named.c:
            districts.append(named.c.district_id)
        elif through := _way_to_district(key.column.table):
            beyond = through.column.table.alias(f"{named.name}_{through.parent.name}")
            joined = joined.outerjoin(beyond, beyond.c[through.column.name] == named.c[through.parent.name])
            districts.append(beyond.c.district_id)
    return joined, districts


def _way_to_district(table: Table) -> ForeignKey | None:
    """The key to a table that says the district, for one that does not say it itself."""
    ways = (key for key in table.foreign_keys if (table.name, key.parent.name) not in _ACROSS_DISTRICTS)
    return next((key for key in ways if "district_id" in key.column.table.c), None)
