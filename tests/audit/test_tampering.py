"""Somebody who may do everything in the database changes what happened: verifying finds it, and says where."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import AuditSeal
from app.services.audit_chain import SEAL_COLUMNS, Head, events_digest, seal_digest
from tests.audit.trail import Trail

COPIED = "district_id, tag, actor, account_id, person_id, data"
Found = tuple[str, int | None, int | None]
TAMPERINGS: dict[str, tuple[list[str], list[Found]]] = {
    "another actor": (["UPDATE audit_events SET actor = 'worker' WHERE id = 2"], [("event_altered", 1, 2)]),
    "another tag": (["UPDATE audit_events SET tag = 'api:story:hid' WHERE id = 5"], [("event_altered", 2, 5)]),
    "another account": (["UPDATE audit_events SET account_id = NULL WHERE id = 2"], [("event_altered", 1, 2)]),
    "another person": (["UPDATE audit_events SET person_id = NULL WHERE id = 2"], [("event_altered", 1, 2)]),
    "another district": (["UPDATE audit_events SET district_id = 'kent' WHERE id = 2"], [("event_unsealed", None, 2), ("event_altered", 1, 2)]),
    "other data": (["UPDATE audit_events SET data = '{\"number\": 9}' WHERE id = 2"], [("event_altered", 1, 2)]),
    "another moment": (["UPDATE audit_events SET at = '2026-08-03 12:01:01' WHERE id = 2"], [("event_altered", 1, 2)]),
    "all of them": (["UPDATE audit_events SET actor = 'worker' WHERE district_id = 'wake'"], [("event_altered", seal, event) for seal, event in ((1, 1), (1, 2), (1, 3), (2, 4), (2, 5), (3, 6))]),
    "two change places": (["UPDATE audit_events SET id = 99 WHERE id = 1", "UPDATE audit_events SET id = 1 WHERE id = 2", "UPDATE audit_events SET id = 2 WHERE id = 99"], [("event_altered", 1, 1), ("event_altered", 1, 2)]),
    "two change moments": (["UPDATE audit_events SET at = '2026-08-03 12:02:00' WHERE id = 3", "UPDATE audit_events SET at = '2026-08-03 12:01:00' WHERE id = 4"], [("event_altered", 1, 3), ("event_altered", 2, 4)]),
    "gone": (["DELETE FROM audit_events WHERE id = 5"], [("event_removed", 2, 5)]),
    "gone with its place in the list": (["DELETE FROM audit_events WHERE id = 5", "DELETE FROM sealed_events WHERE event_id = 5"], [("events_differ", 2, None)]),
    "another place in the list": (["UPDATE sealed_events SET number = 1 WHERE event_id = 5"], [("events_differ", 1, None), ("events_differ", 2, None)]),
    "another chain in the list": (["UPDATE sealed_events SET chain = 'kent' WHERE event_id = 5"], [("seal_missing", 2, None), ("events_differ", 2, None), ("event_unsealed", None, 5)]),
    "a whole seal gone": (["DELETE FROM audit_events WHERE id IN (4, 5)", "DELETE FROM sealed_events WHERE number = 2", "DELETE FROM audit_seals WHERE chain = 'wake' AND number = 2"], [("seal_missing", 2, None)]),
    "the first seals gone": (["DELETE FROM audit_events WHERE id <= 5", "DELETE FROM sealed_events WHERE event_id <= 5", "DELETE FROM audit_seals WHERE chain = 'wake' AND number <= 2"], [("seal_missing", 1, None), ("seal_missing", 2, None)]),
    "the last seal gone and its events left": (["DELETE FROM sealed_events WHERE event_id = 6", "DELETE FROM audit_seals WHERE chain = 'wake' AND number = 3"], [("event_unsealed", None, 6)]),
    "the last seal gone and its list left": (["DELETE FROM audit_seals WHERE chain = 'wake' AND number = 3"], [("seal_missing", 3, None)]),
    "put in": ([f"INSERT INTO audit_events (id, at, {COPIED}) SELECT 50, at, {COPIED} FROM audit_events WHERE id = 2"], [("event_unsealed", None, 50)]),
    "put in with a place in the list": ([f"INSERT INTO audit_events (id, at, {COPIED}) SELECT 50, at, {COPIED} FROM audit_events WHERE id = 2", "INSERT INTO sealed_events SELECT 50, chain, number, digest FROM sealed_events WHERE event_id = 2"], [("event_altered", 1, 50), ("events_differ", 1, None)]),
    "a seal altered": (["UPDATE audit_seals SET sealed_at = '2026-08-03 12:01:01' WHERE chain = 'wake' AND number = 2"], [("seal_altered", 2, None)]),
    "a seal with another signature": (["UPDATE audit_seals SET mac = substr(mac, 1, 9) || substr(mac, 11, 63) || 'x' WHERE chain = 'wake' AND number = 2"], [("seal_forged", 2, None)]),
    "the newest seal with a key of somebody else": (["UPDATE audit_seals SET mac = 'deadbeef:' || substr(mac, 10, 64) WHERE chain = 'wake' AND number = 3"], [("seal_key_unknown", 3, None)]),
    "declared over": (["UPDATE audit_seals SET pruned_upto = 2 WHERE chain = 'wake' AND number = 3", "DELETE FROM audit_events WHERE id <= 5", "DELETE FROM sealed_events WHERE event_id <= 5", "DELETE FROM audit_seals WHERE chain = 'wake' AND number < 2"], [("seal_altered", 3, None), ("pruned_early", 3, None)]),
}  # fmt: skip
"""By what is done to seals 1 (events 1 to 3), 2 (4 and 5) and 3 (6) of Wake; Kent's is over event 7, and nobody's over 8."""
NONSENSE = ["UPDATE audit_events SET at = 'yesterday', data = '{' WHERE id = 2", "UPDATE audit_seals SET sealed_at = 'x' WHERE number = 2"]  # fmt: skip


@pytest.fixture
async def wake(trail: Trail, clock: ManualClock) -> Trail:
    for count, district in ((3, "wake"), (2, "wake"), (1, "wake"), (1, "kent"), (1, None)):
        await trail.seal(count, district)
    clock.advance(timedelta(hours=2))
    assert await trail.findings() == []
    return trail


async def test_what_is_done_to_a_sealed_trail_is_found_and_said_where(wake: Trail) -> None:
    """One after the other on one database: each is taken back by a copy of all that there was."""
    await wake.tamper(*(f"CREATE TABLE {table}_copy AS SELECT * FROM {table}" for table in COPIES))
    for name, (statements, expected) in TAMPERINGS.items():
        await wake.tamper(*statements)
        found = await wake.findings()
        assert sorted(found, key=str) == sorted(expected, key=str), name
        restored = [(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}_copy") for table in COPIES]
        await wake.tamper(*(statement for pair in restored for statement in pair))
        assert await wake.findings() == [], name


COPIES = ("audit_events", "sealed_events", "audit_seals")


async def test_a_value_that_cannot_be_read_is_an_altered_one(wake: Trail) -> None:
    """PostgreSQL refuses to store it."""
    if wake.database.is_sqlite:
        await wake.tamper(*NONSENSE)
        assert await wake.findings() == [("seal_altered", 2, None), ("event_altered", 1, 2)]
        assert len(await wake.seal(1)) == 1, "the worker goes on"


async def test_a_chain_that_is_made_anew_lacks_our_key(wake: Trail) -> None:
    """Even where everything fits together: the list, its digest, and every seal after it."""
    (kept,) = await wake.verification.heads("wake")
    await wake.tamper("DELETE FROM audit_events WHERE id = 5", "DELETE FROM sealed_events WHERE event_id = 5")
    await forge(wake)
    assert await wake.findings(kept) == [("seal_forged", 2, None), ("seal_forged", 3, None), ("head_differs", 3, None)]
    assert await wake.seal(1) == [], "the worker makes no forged seal true"


async def forge(wake: Trail) -> None:
    """Makes the seals of Wake fit what lies there, as far as one can without the secret keys."""
    previous = ""
    for number in (1, 2, 3):
        its = f"WHERE chain = 'wake' AND number = {number}"
        events = events_digest([tuple(row) for row in await wake.read(f"SELECT event_id, digest FROM sealed_events {its} ORDER BY 1")])  # fmt: skip
        await wake.tamper(f"UPDATE audit_seals SET events_digest = '{events}', previous = '{previous}' {its}")
        (seal,) = await wake.read(select(*SEAL_COLUMNS).where(AuditSeal.chain == "wake", AuditSeal.number == number))
        previous = seal_digest(seal)
        await wake.tamper(f"UPDATE audit_seals SET digest = '{previous}' {its}")


async def test_a_tail_that_is_cut_off_is_found_by_a_seal_that_was_kept_elsewhere(wake: Trail) -> None:
    kept = await wake.verification.heads()
    assert [(head.chain, head.number) for head in kept] == [("-", 1), ("kent", 1), ("wake", 3)]
    assert await wake.findings(*kept) == []
    await wake.tamper(
        "DELETE FROM audit_events WHERE id IN (6, 7)",
        "DELETE FROM sealed_events WHERE event_id IN (6, 7)",
        "DELETE FROM audit_seals WHERE chain = 'kent' OR (chain = 'wake' AND number = 3)",
    )
    assert await wake.findings() == [], "what is left fits together"
    assert await wake.findings(*kept) == [("head_missing", 1, None), ("head_missing", 3, None)]
    assert await wake.findings(Head("wake", 2, "0" * 64)) == [("head_differs", 2, None)]


async def test_an_event_that_is_put_in_for_the_worker_to_seal_says_too_early_a_moment(wake: Trail) -> None:
    await wake.tamper(
        f"INSERT INTO audit_events (id, at, {COPIED}) SELECT 50, at, {COPIED} FROM audit_events WHERE id = 2"
    )
    await wake.seal(1)
    assert await wake.findings() == []
    wake.clock.advance(timedelta(hours=2))
    await wake.tamper(
        f"INSERT INTO audit_events (id, at, {COPIED}) SELECT 60, at, {COPIED} FROM audit_events WHERE id = 2"
    )
    await wake.seal(0)
    assert await wake.findings() == [("event_backdated", 5, 60)]
