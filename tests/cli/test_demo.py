"""`campus demo`: what a newcomer meets first."""

import secrets
from pathlib import Path

import pytest
from sqlalchemy import select

from app.composition import Campus
from app.demo.districts import DEMO_DISTRICTS, PASSWORD
from app.models import Base, KeyRequest
from app.portals import Portal
from app.security.signing_keys import SigningKeyPair
from app.services.activate import ActivationRequest
from app.services.login import LoginRequest
from tests.cli.counter import behind_the_counter
from tests.support.served import served
from tests.support.shell import Shell
from tests.support.sign_in import sign_in

Dump = dict[str, list[str]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell over demo districts that are there already."""
    folder = tmp_path_factory.mktemp("filled")
    shell = Shell(folder, {"CAMPUS_DATABASE_URL": f"sqlite:///{folder}/campus.db"})
    shell.campus("demo")
    return shell


def test_a_second_run_changes_nothing(any_shell: Shell) -> None:
    first = any_shell.json("demo")
    before, files = dump(any_shell), contents(any_shell.folder)
    assert any_shell.json("demo") == first
    assert dump(any_shell) == before
    assert contents(any_shell.folder) == files
    assert any_shell.campus("demo", "--unused-key") == f"{first['unused_key']}\n"


def test_it_says_all_that_a_newcomer_needs(filled: Shell) -> None:
    summary = filled.json("demo")
    said = filled.campus("demo")
    assert list(summary) == ["logins", "unused_key", "totp_secret", "urls", "to_try"]
    assert [login["username"] for login in summary["logins"] if login["username"] not in said] == []
    assert summary["unused_key"] in said
    assert summary["totp_secret"] in said
    assert [line for lines in summary["to_try"].values() for line in lines if line not in said] == []
    assert [url for url in summary["urls"].values() if url not in said] == []
    assert {login["district"] for login in summary["logins"]} == {district.id for district in DEMO_DISTRICTS}


def test_every_login_that_it_prints_signs_in_and_the_key_is_unused(filled: Shell) -> None:
    summary = filled.json("demo")

    async def try_them_all(campus: Campus) -> None:
        for login in summary["logins"]:
            assert login["password"] == PASSWORD
            portal = Portal(login["portal"])
            code = filled.campus("demo", "--totp").strip() if portal is Portal.STAFF else None
            who = LoginRequest(login["district"], portal, login["username"], login["password"], totp=code)
            await sign_in(campus, who)
        await campus.activation.verify("jackson-ga", summary["unused_key"])

    behind_the_counter(filled, try_them_all)


def test_every_flow_of_the_documents_can_be_tried(filled: Shell) -> None:
    """Students of the first roster and of yesterday's may claim, one of today not yet; facts about a student lead to a key."""
    facts = (
        {"district": "jackson-ga", "student_number": "0204201", "birth_date": "2016-02-11"},
        {"district": "atlanta-ga", "student_number": "1100412", "ssn_last4": "0412"},
    )
    with served(filled) as server:
        claims = [
            server.post("/activate/claim", {"district": "clayton-ga", **names})
            for names in (
                {"last_name": "Davis", "first_name": "Nia", "student_number": "0123471"},
                {"last_name": "Walker", "first_name": "Imani", "student_number": "0123488"},
                {"last_name": "davis", "first_name": "Nia", "student_number": "0123471"},
                {"last_name": "Reyes", "first_name": "Mateo", "student_number": "0123490"},
            )
        ]
        assert [server.post("/activate/key-requests", each).status_code for each in facts] == [202, 202]
        screen = server.get("/districts/jackson-ga").json()
    assert [answer.status_code for answer in claims[:2]] == [200, 200]
    assert [answer.json()["code"] for answer in claims[2:]] == ["claim_not_matched", "claim_too_early"]
    assert "¿Es nuevo en el portal para padres?" in {notice["title"] for notice in screen["announcements"]}

    async def read(campus: Campus) -> None:
        async with campus.database.reading() as connection:
            matched = await connection.execute(select(KeyRequest.district_id).where(KeyRequest.student_id.is_not(None)))
            assert sorted(matched.scalars()) == ["atlanta-ga", "jackson-ga"]

    behind_the_counter(filled, read)


def test_a_key_that_was_used_is_not_offered_again(filled: Shell) -> None:
    key = filled.campus("demo", "--unused-key").strip()

    async def lose(campus: Campus) -> None:
        offer = await campus.activation.verify("jackson-ga", key)
        request = ActivationRequest("jackson-ga", key, f"{offer.first_name}2026", PASSWORD, PASSWORD)
        await campus.activation.activate(request)

    behind_the_counter(filled, lose)
    other = filled.campus("demo", "--unused-key").strip()
    assert other not in {"", key}


def test_it_needs_no_migration_before_it(tmp_path: Path) -> None:
    """`make dev` is the first command on a new machine."""
    shell = Shell(tmp_path)
    assert shell.json("demo")["unused_key"]
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == sorted(
        ["campus.db", "dev-secret-key", *(f"demo-keys-{district.id}.csv" for district in DEMO_DISTRICTS)]
    )
    assert [path.name for path in (tmp_path / "var").iterdir() if path.stat().st_mode & 0o077] == []


def test_it_does_not_belong_into_production(tmp_path: Path) -> None:
    production = {
        "CAMPUS_ENV": "production",
        "CAMPUS_SECRET_KEYS": secrets.token_urlsafe(48),
        "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
    }
    code, complaint = Shell(tmp_path, production).refused("demo")
    assert (code, complaint) == (2, "campus: CAMPUS_ENV: demo data does not belong into production\n")
    assert list(tmp_path.iterdir()) == []


def dump(shell: Shell) -> Dump:
    """Every row of every table."""

    async def read(campus: Campus) -> Dump:
        async with campus.database.reading() as connection:
            return {
                name: sorted(str(tuple(row)) for row in await connection.execute(select(table)))
                for name, table in Base.metadata.tables.items()
            }

    return behind_the_counter(shell, read)


def contents(folder: Path) -> dict[str, str]:
    """The files of keys, as they are on disk."""
    return {path.name: path.read_text() for path in folder.rglob("demo-keys-*.csv")}
