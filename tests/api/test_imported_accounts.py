"""Families of another system go on as before, with the usernames and passwords that they know."""

import asyncio
from pathlib import Path
from uuid import uuid4

import argon2
import bcrypt
from passlib.hash import django_pbkdf2_sha256, pbkdf2_sha256, pbkdf2_sha512, scrypt
from sqlalchemy import insert, select

from app.errors import InProgress
from app.models import Account, OutboxMail
from app.portals import Portal
from app.services.office.import_report import ImportReport
from tests.support.moving_in import account_row, import_accounts, new_parent, number_of, stored_hash, trail
from tests.support.office import Office
from tests.support.portal import PASSWORD, refused

OUR_HASH = "$argon2id$v=19$m=19456,t=2,p=1$"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
SCHEMES = {
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "php": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"),
    "argon2": CHEAP.hash(PASSWORD),
    "argon2i": argon2.PasswordHasher(time_cost=3, memory_cost=64, parallelism=2, type=argon2.Type.I).hash(PASSWORD),
    "pbkdf2": pbkdf2_sha256.using(rounds=10).hash(PASSWORD),
    "pbkdf2sha512": pbkdf2_sha512.using(rounds=10).hash(PASSWORD),
    "django": django_pbkdf2_sha256.using(rounds=10).hash(PASSWORD),
    "scrypt": scrypt.using(rounds=4).hash(PASSWORD),
}


async def test_parents_sign_in_as_before_and_get_a_hash_of_ours(office: Office, tmp_path: Path) -> None:
    parents = {scheme: await new_parent(office, f"{scheme}.1") for scheme in SCHEMES}
    rows = [account_row(parent, stored) for parent, stored in zip(parents.values(), SCHEMES.values(), strict=True)]
    report = await import_accounts(office, tmp_path, rows)
    assert (report.counts.created, report.errors, report.warnings) == (len(SCHEMES), [], [])
    for scheme, parent in parents.items():
        before = await office.server.hashes_computed()
        assert refused(await parent.sign_in(password="wrong")) == (401, "invalid_credentials"), scheme
        assert await office.server.hashes_computed() == before + 1
        assert await stored_hash(office, parent) == SCHEMES[scheme]
        assert (await parent.sign_in()).status_code == 200, scheme
        assert (await stored_hash(office, parent)).startswith(OUR_HASH)
    assert (await parents["bcrypt"].sign_in(username="BCRYPT.1")).status_code == 200
    assert await parents["bcrypt"].students() == ["Eva"]


async def test_whoever_comes_without_a_hash_gets_in_with_a_key_and_with_no_password(
    office: Office, tmp_path: Path
) -> None:
    rosa = await new_parent(office, "rosa")
    report = await import_accounts(office, tmp_path, [account_row(rosa)])
    assert [found.code for found in report.warnings] == ["no_way_in"]
    for password in ("", "None", PASSWORD):
        assert refused(await rosa.sign_in(password=password)) == (401, "invalid_credentials")
    rosa.key = await office.key_for(rosa.person_id, Portal.PARENT)
    assert (await rosa.verify()).json()["username"] == "rosa"
    assert (await rosa.activate(username="rosa2026")).status_code == 201


async def test_an_address_counts_once_its_owner_has_confirmed_it(office: Office, tmp_path: Path) -> None:
    rosa = await new_parent(office, "rosa")
    await import_accounts(office, tmp_path, [account_row(rosa, SCHEMES["argon2"], "rosa@example.org")])
    assert await mails(office) == []
    opened = (await rosa.sign_in()).json()
    assert "confirm_recovery_email" in opened["next_steps"]
    assert await mails(office) == [("confirm_recovery_email", "rosa@example.org")]
    await rosa.sign_in()
    assert len(await mails(office)) == 1, "asked once"


async def test_the_trail_has_a_row_for_the_file_and_one_for_each_account(office: Office, tmp_path: Path) -> None:
    rosa, left = await new_parent(office, "rosa"), await new_parent(office, "left")
    await office.end(left.person_id)
    report = await import_accounts(
        office, tmp_path, [account_row(rosa, SCHEMES["argon2"]), account_row(left, SCHEMES["argon2"])], dry_run=True
    )
    assert (report.counts.created, await trail(office)) == (1, [])
    report = await import_accounts(
        office, tmp_path, [account_row(rosa, SCHEMES["argon2"]), account_row(left, SCHEMES["argon2"])]
    )
    assert [(found.row, found.code) for found in report.warnings] == [(3, "may_not_enter")]
    assert await trail(office) == [
        ("operator:account:imported", rosa.person_id, {"portal": "parent", "with_password": True}),
        (
            "operator:accounts:imported",
            None,
            {"created": 1, "unchanged": 0, "conflicts": 0, "left_out": 1},
        ),
    ]


async def test_an_account_that_is_there_is_left_alone(office: Office, tmp_path: Path) -> None:
    rosa, theo = await new_parent(office, "rosa"), await new_parent(office, "theo")
    rows = [account_row(rosa, SCHEMES["argon2"]), account_row(theo, SCHEMES["argon2"])]
    await import_accounts(office, tmp_path, rows)
    await rosa.sign_in()
    assert vars((await import_accounts(office, tmp_path, rows)).counts)["unchanged"] == 2
    theo.username = "theo2"
    report = await import_accounts(office, tmp_path, [rows[0], account_row(theo, SCHEMES["bcrypt"])])
    assert (report.counts.unchanged, report.counts.conflicts) == (1, 1)
    assert [(found.row, found.code) for found in report.warnings] == [(3, "account_differs")]
    theo.username = "theo"
    assert (await theo.sign_in()).status_code == 200


async def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_written(office: Office, tmp_path: Path) -> None:
    rosa, theo = await new_parent(office, "rosa"), await office.parent("Theo Diaz", children=["Uma Diaz"])
    await theo.activate()
    rows = [
        account_row(rosa, SCHEMES["argon2"]),
        [str(uuid4()), "parent", "nobody", "", ""],
        [str(rosa.person_id), "parent", "rosa9", "", ""],
        [str(rosa.person_id), "teacher", "rosa9", "", ""],
        [str(rosa.person_id), "student", "", "", ""],
    ]
    others = [("x" * 129, ""), ("S0123456", ""), ("RoSa", ""), (theo.username.upper(), ""), ("\ufdfa" * 30, "")]
    others += [("a1", PASSWORD), ("a2", "5f4dcc3b5aa765d61d8327deb882cf99"), ("a3", SCHEMES["argon2"][:-9] + "$")]
    others += [("a4", SCHEMES["bcrypt"].replace("$04$", "$31$")), ("a5", "$scrypt$ln=30" + SCHEMES["scrypt"][12:])]
    others += [("a6", SCHEMES["argon2"].replace("m=64", "m=4194304"))]
    for name, stored in others:
        rows.append(account_row(await new_parent(office, name), stored))
    rows.append(account_row(await new_parent(office, "a7"), "", "no address"))
    before = await number_of(office, Account)
    report = await import_accounts(office, tmp_path, rows)
    assert [(found.row, found.column, found.code) for found in report.errors] == [
        (3, "person_id", "person_not_found"),
        (4, "person_id", "duplicate_person"),
        (5, "portal", "bad_portal"),
        (6, "username", "required_value_missing"),
        (7, "username", "username_unusable"),
        (8, "username", "username_reserved"),
        (9, "username", "duplicate_username"),
        (10, "username", "username_taken"),
        (11, "username", "username_unusable"),
        (12, "password_hash", "hash_unknown"),
        (13, "password_hash", "hash_unknown"),
        (14, "password_hash", "hash_damaged"),
        (15, "password_hash", "hash_too_costly"),
        (16, "password_hash", "hash_too_costly"),
        (17, "password_hash", "hash_too_costly"),
        (18, "recovery_email", "bad_email"),
    ]
    assert report.errors_total == 16
    assert vars(report.counts) == {"created": 0, "unchanged": 0, "conflicts": 0, "left_out": 0}
    assert (await number_of(office, Account), await trail(office)) == (before, [])


async def test_a_name_that_somebody_takes_at_the_same_moment_stops_the_file(office: Office, tmp_path: Path) -> None:
    rosa, theo, uma = [await new_parent(office, name) for name in ("rosa", "theo", "uma")]
    async with office.campus.database.transaction() as session:
        taken = {"username": "rosa", "username_folded": "rosa", "created_at": office.campus.clock.now()}
        whose = {"district_id": office.district, "person_id": theo.person_id, "portal": "parent"}
        await session.execute(insert(Account).values(id=uuid4(), **whose, **taken))
        importing = asyncio.create_task(import_accounts(office, tmp_path, [account_row(uma), account_row(rosa)]))
        await asyncio.sleep(0.3)
    (end,) = await asyncio.gather(importing, return_exceptions=True)
    codes = [found.code for found in end.errors] if isinstance(end, ImportReport) else end
    assert codes == ["username_taken"] or isinstance(codes, InProgress)
    assert await number_of(office, Account) == 1


async def test_a_student_keeps_the_name_of_the_claim_pattern_that_is_the_students_own(
    office: Office, tmp_path: Path
) -> None:
    uma, eva = await office.student("Uma Diaz", number="123456"), await office.student("Eva Diaz", number="7")
    rows = [[str(uma), "student", "S0123456", SCHEMES["argon2"], ""], [str(eva), "student", "s0000008", "", ""]]
    report = await import_accounts(office, tmp_path, rows)
    assert [(found.row, found.code) for found in report.errors] == [(3, "username_reserved")]
    assert (await import_accounts(office, tmp_path, rows[:1])).counts.created == 1


async def mails(office: Office) -> list[tuple[str, str | None]]:
    """Kind and address of those that wait."""
    async with office.campus.database.reading() as connection:
        rows = await connection.execute(select(OutboxMail.kind, OutboxMail.to_address).order_by(OutboxMail.created_at))
        return [(row.kind, row.to_address) for row in rows]
