"""An operator verifies the sealed trail, and keeps its newest seals elsewhere."""

from sqlalchemy import text

from app.composition import Campus
from tests.cli.counter import behind_the_counter
from tests.support.shell import Shell

HALL = ("--id", "hall", "--name", "Hall County", "--state", "GA", "--timezone", "America/New_York")


async def seal(campus: Campus) -> None:
    await campus.audit_sealing.seal(everything=True)


async def alter(campus: Campus) -> None:
    actions = ("update", "delete") if campus.database.is_sqlite else ()
    drop = [f"DROP TRIGGER audit_events_no_{action}" for action in actions]
    async with campus.database.transaction() as session:
        for statement in drop or ["ALTER TABLE audit_events DISABLE TRIGGER USER"]:
            await session.execute(text(statement))
        await session.execute(text("UPDATE audit_events SET actor = 'worker' WHERE district_id = 'hall'"))


def test_a_trail_is_sealed_kept_and_verified(any_shell: Shell) -> None:
    any_shell.campus("districts", "add", *HALL)
    any_shell.campus("districts", "set", "hall", "features.claim=true")
    behind_the_counter(any_shell, seal)
    assert any_shell.campus("audit", "verify") == "hall: 2 events under 1 seals, 0 not sealed: ok\n"
    head = any_shell.campus("audit", "head")
    (any_shell.folder / "heads.txt").write_text(head, encoding="utf-8")
    assert any_shell.json("audit", "head", "--district", "hall") == {"heads": [head.strip()]}
    verified = any_shell.json("audit", "verify", "--district", "hall", "--heads", "heads.txt")
    assert verified["ok"] is True
    assert verified["chains"][0]["head"] == head.strip()
    later = any_shell.run("audit", "verify", "--head", f"hall:2:{'0' * 64}")
    assert (later.code, later.out.splitlines()[1:]) == (1, ["  seal 2, which was kept elsewhere, is gone"])
    behind_the_counter(any_shell, alter)
    printed = any_shell.run("audit", "verify", "--json")
    assert printed.code == 1
    assert printed.json["ok"] is False
    assert [finding["sentence"] for finding in printed.json["chains"][0]["findings"]] == [
        f"event {event} is not what was sealed under seal 1" for event in (1, 2)
    ]


def test_what_makes_no_sense_is_refused(any_shell: Shell) -> None:
    assert "district_not_found" in any_shell.refused("audit", "verify", "--district", "nowhere")[1]
    assert "a seal reads" in any_shell.refused("audit", "verify", "--head", "hall")[1]
