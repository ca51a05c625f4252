"""Letters asked for as PDF where they cannot be printed: no key is issued in vain, and none is lost."""

import asyncio
import csv
from io import StringIO
from pathlib import Path

from tests.office.keys import LETTERS, batch, families, live, order
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, refused
from tests.support.presses import breaking, never_ending, use, without_pango

PDF, ONCE = "application/pdf", "8f14e45f-ceea-467f"


async def test_where_a_library_is_missing_no_key_is_issued(
    office: Office, server: Server, dana: User, hugo: User, tmp_path: Path
) -> None:
    use(server, without_pango(tmp_path))
    waiting, other = await families(office, 2)
    await order(hugo, waiting, "letter")
    for path in ("/admin/activation-keys/batches", LETTERS):
        answer = await batch(dana, path, accept=PDF, repeat_as=ONCE)
        assert refused(answer) == (406, "letters_not_printable")
        assert "No key was issued" in answer.json()["detail"]
    assert await live(office, other) == 0
    printed = await batch(dana, LETTERS, accept="text/csv", repeat_as=ONCE)
    assert printed.headers["content-type"].startswith("text/csv"), (
        "CSV always works, and under the same Idempotency-Key"
    )
    mailed = await batch(dana, accept=PDF, channel="email")
    assert mailed.status_code == 201, "mails need no press"


@sqlite_only  # of both engines alike
async def test_letters_that_break_off_are_given_as_csv(office: Office, server: Server, dana: User) -> None:
    use(server, breaking())
    (parent,) = await families(office, 1)
    answer = await batch(dana, accept=PDF)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/csv; charset=utf-8")
    (key,) = csv.DictReader(StringIO(answer.text))
    assert (await office.visitor(parent, key["activation_key"]).verify()).status_code == 200


@sqlite_only  # of both engines alike
async def test_one_batch_at_a_time_and_none_for_ever(office: Office, server: Server, dana: User) -> None:
    use(server, never_ending(patience_s=2))
    await families(office, 1)
    stuck = asyncio.create_task(batch(dana, accept=PDF))
    while not server.campus.print_room.is_busy:  # noqa: ASYNC110  # a lock makes no events
        await asyncio.sleep(0.01)
    assert refused(await batch(dana, accept=PDF)) == (503, "overloaded")
    assert (await stuck).headers["content-type"].startswith("text/csv")
    assert not server.campus.print_room.is_busy
