"""What the front door promises, done as it is printed."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.grand_bend import GrandBend
from tests.documents.blocks import block
from tests.documents.running import CURLS, bash
from tests.support.served import Served, served
from tests.support.shell import Shell


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with the .venv of this checkout, in which `make dev` has filled the demo districts."""
    shell = Shell(tmp_path_factory.mktemp("checkout"))
    (shell.folder / ".venv").symlink_to(sys.prefix)
    shell.campus("demo")
    return shell


@pytest.fixture(scope="module")
def server(checkout: Shell) -> Iterator[Served]:
    """A reader tries one story after the other."""
    with served(checkout) as server:
        yield server


@pytest.mark.parametrize("curl", CURLS.values(), ids=CURLS)
def test_from_a_paper_key_to_a_signed_in_parent(checkout: Shell, server: Served, curl: Path) -> None:
    before = activations(server)
    told = answers_in(bash(checkout, at(server, block("from a paper key to a parent")), {"curl": curl}))
    districts, offer, students, session, forgotten, refusal = told
    assert activations(server) == before + 1
    assert [district["id"] for district in districts["items"]] == ["jackson-ga"]
    assert districts["items"][0]["portals"] == ["parent", "student"]
    assert {"portal", "first_name", "expires_at", "password_policy", "username_policy"} <= set(offer)
    first = json.loads((checkout.folder / "var" / "session.json").read_text())
    assert (first["status"], first["account"]["first_name"]) == ("signed_in", offer["first_name"])
    assert students["items"]
    assert set(students["hidden"]) == {"portal_off", "left_roster"}
    assert (session["status"], session["account"]["first_name"]) == ("signed_in", "Maria")
    assert forgotten["detail"].startswith("Si este nombre de usuario tiene")
    assert (refusal["status"], refusal["code"]) == (401, "invalid_token")


def test_two_districts_and_one_mother(checkout: Shell, server: Served) -> None:
    links, students = answers_in(bash(checkout, at(server, block("two districts"))))
    assert [account["district"]["id"] for account in links["accounts"]] == ["cape-fear-nc"]
    assert [student["first_name"] for student in students["items"]] == ["Mateo", "Sofia"]


def test_a_student_claims_his_account(checkout: Shell, server: Served) -> None:
    early, session, again = answers_in(bash(checkout, at(server, block("a claim"))))
    assert (early["code"], early["available_at"][:2]) == ("claim_too_early", "20")
    assert (session["status"], session["account"]["username"]) == ("signed_in", "S0123471")
    assert (again["status"], again["code"]) == (409, "already_claimed")


def test_the_help_desk_finds_out_why_a_parent_cannot_get_in(checkout: Shell, server: Served) -> None:
    said = bash(checkout, at(server, block("the office")))
    before, found, after = said.partition("\n")[0], json.loads(said.splitlines()[1]), said.splitlines()[-1]
    assert (before, after) == ("captcha_required", "invalid_credentials")
    assert [account["username"] for account in found["items"]] == ["maria2026"]


def test_what_a_districts_office_does(tmp_path: Path, sqlite_url: str) -> None:
    """The commands one after the other; before Maria's account can be shown, somebody must have made it."""
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": sqlite_url})
    office = GrandBend(shell)
    office.roster().zip().rename(shell.folder / "roster.zip")
    Path(tmp_path, "accounts.csv").write_text("person_id,portal,username\npaul,parent,Paul.L\n", encoding="utf-8")
    Path(tmp_path, "printed.csv").write_text(
        f"person_id,portal,activation_key\nana,student,{uuid4()}\n", encoding="utf-8"
    )
    for line in block("what an operator does").splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "campus"
        if words[:2] == ["accounts", "show"]:
            office.activate(office.issue_keys("again.csv", "--replace", "maria")[0], "maria2026")
        assert shell.campus(*words)


def at(server: Served, story: str) -> str:
    """The story, told to this server."""
    return story.replace("http://127.0.0.1:8000", server.url)


def answers_in(said: str) -> Iterator[Any]:
    """One JSON document after the other."""
    decoder = json.JSONDecoder()
    place = 0
    while place < len(said):
        answer, place = decoder.raw_decode(said, place)
        yield answer
        place += len(said[place:]) - len(said[place:].lstrip())


def activations(server: Served) -> int:
    """Accounts that were made, by the status that only they have."""
    made = 'campus_http_requests_total{method="POST",route="/activate",status="201"} '
    return sum(
        int(float(line.removeprefix(made)))
        for line in server.get("/metrics").text.splitlines()
        if line.startswith(made)
    )
