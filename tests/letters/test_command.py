"""`campus keys issue --pdf`: letters that can be read, folded, put into envelopes, scanned with a phone, and used."""

import stat
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import insert, select

from app.composition import Campus
from app.models import ActivationKey, Person
from tests.cli.grand_bend import ID, GrandBend, Key, keys_in
from tests.letters.conftest import PORTAL
from tests.letters.paper import Sheet, sheets_of, structure_of
from tests.support.engines import sqlite_only

ISSUE = ("keys", "issue", "--district", ID)
CHICAGO = ZoneInfo("America/Chicago")
STUDENTS = 30


def test_each_guardian_gets_a_page_that_opens_her_account(grand_bend: GrandBend) -> None:
    report = grand_bend.shell.json(*ISSUE, "--portal", "parent", "--csv", "keys.csv", "--pdf", "letters.pdf")
    keys = keys_in(grand_bend.shell.folder / "keys.csv")
    file = grand_bend.shell.folder / "letters.pdf"
    assert report == {"issued": 2, "csv": "keys.csv", "letters": 2, "pdf": "letters.pdf"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    sheets = sheets_of(file)
    assert len(sheets) == len(keys)
    for key, sheet in zip(keys, sheets, strict=True):
        tells_in_two_languages(grand_bend, key, sheet)
    maria, paul = (sheet.text for sheet in sorted(sheets, key=lambda sheet: "Paul" in sheet.text))
    assert "Maria" in maria
    assert "12 Oak Lane\nGrand Bend, TX 78932" in maria
    assert "Grand Bend High School" in maria
    assert "Oak Lane" not in paul, "nobody knows where he lives"
    assert "Grand Bend Middle School" in paul
    screen_readers_find_their_way(file.read_bytes())


def tells_in_two_languages(grand_bend: GrandBend, key: Key, sheet: Sheet) -> None:
    code = key["activation_key"]
    (link,) = sheet.links
    parts = urlsplit(link)
    assert link == f"{PORTAL}/activate?district={ID}#key={code}"
    assert (parse_qs(parts.query), parts.fragment) == ({"district": [ID]}, f"key={code}")
    assert code.partition("-")[0] not in parts.path + parts.query
    assert code in sheet.text
    assert grand_bend.opens(key) == f"{key['first_name']}, parent"
    local = datetime.fromisoformat(key["expires_at"]).astimezone(CHICAGO)
    for said in (
        *(f"Works until {format_date(local, 'long', locale='en_US')}", "Your activation key"),
        *(f"Vale hasta el {format_date(local, 'long', locale='es_US')}", "Su clave de activación"),
        *("Portal for parents and guardians", "Portal para padres y tutores", "Grand Bend ISD", "Grand Bend, TX"),
    ):
        assert said in sheet.text
    assert sheet.text.count("555-0100") == 2


def screen_readers_find_their_way(pdf: bytes) -> None:
    """Through headings, steps and the two languages, and past the picture."""
    tree = list(structure_of(pdf))
    kinds = [element["/S"] for element in tree if "/S" in element]
    assert (kinds.count("/Document"), kinds.count("/Art"), kinds.count("/H1"), kinds.count("/LI")) == (1, 2, 4, 12)
    assert [element["/Lang"] for element in tree if "/Lang" in element] == ["es"] * 6
    (alternative,) = {element["/Alt"] for element in tree if "/Alt" in element}
    assert alternative == "Código para la cámara de su teléfono"


@sqlite_only  # of both engines alike
def test_a_lost_letter_is_replaced_and_used_keys_are_not_printed(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    shell.campus(*ISSUE, "--replace", "maria", "--csv", "lost.csv")
    told = shell.campus(*ISSUE, "--replace", "maria", "--csv", "maria.csv", "--pdf", "maria.pdf")
    assert "1 letter is in maria.pdf" in told
    (lost,), (new,) = keys_in(shell.folder / "lost.csv"), keys_in(shell.folder / "maria.csv")
    (sheet,) = sheets_of(shell.folder / "maria.pdf")
    assert new["activation_key"] in sheet.text
    told = shell.campus("keys", "print", "--district", ID, "--csv", "lost.csv", "--pdf", "lost.pdf")
    assert told == "No letter was printed: none of these keys opens anything.\n"
    assert grand_bend.opens(lost) == "activation_key_invalid"
    assert not list(shell.folder.glob("lost.pdf*"))


@sqlite_only  # of both engines alike
def test_after_a_kill_every_key_is_in_the_file_and_the_letters_are_printed_from_it(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    grand_bend.behind_the_counter(many_students)
    command = shell.start(*ISSUE, "--portal", "student", "--csv", "keys.csv", "--pdf", "letters.pdf")
    wait_for(shell.folder / "letters.pdf.part")
    command.process.kill()
    command.finish()
    keys = keys_in(shell.folder / "keys.csv")
    assert not (shell.folder / "letters.pdf").exists(), "half a file has no name"
    assert grand_bend.behind_the_counter(live_keys) == grand_bend.behind_the_counter(partial(digests_of, keys))
    told = shell.json("keys", "print", "--district", ID, "--csv", "keys.csv", "--pdf", "letters.pdf")
    sheets = sheets_of(shell.folder / "letters.pdf")
    assert told["letters"] == len(sheets) == len(keys) == STUDENTS + 3
    assert [key["activation_key"] in sheet.text for key, sheet in zip(keys, sheets, strict=True)] == [True] * len(keys)


def wait_for(file: Path) -> None:
    give_up = time.monotonic() + 60
    while not file.exists() or not file.stat().st_size:
        assert time.monotonic() < give_up
        time.sleep(0.01)


async def many_students(campus: Campus) -> None:
    names = {"first_name": "Kim", "last_name": "Lee", "is_student": True, "first_seen_at": campus.clock.now()}
    rows = [{"district_id": ID, "sourced_id": f"many-{number}", **names} for number in range(STUDENTS)]
    async with campus.database.transaction() as session:
        await session.execute(insert(Person), rows)


async def live_keys(campus: Campus) -> set[str]:
    async with campus.database.reading() as connection:
        return set(await connection.scalars(select(ActivationKey.digest)))


async def digests_of(keys: Sequence[Key], campus: Campus) -> set[str]:
    return {campus.key_issue.digest(ID, key["activation_key"]) for key in keys}
