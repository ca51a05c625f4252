"""What the documents promise, done as it is printed."""

import json
import os
import re
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.security.signing_keys import SigningKeyPair
from tests.cli.grand_bend import GrandBend
from tests.support import curl
from tests.support.served import Served, served
from tests.support.shell import Shell

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
CURLS = ["ours", *(["the machine's"] if shutil.which("curl") else [])]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    Shell(folder).campus("demo")
    return folder


@pytest.fixture
def checkout(filled: Path, tmp_path: Path) -> Shell:
    """A folder with the .venv of this checkout, in which `make dev` has filled the demo districts."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return Shell(tmp_path)


@pytest.mark.parametrize("which", CURLS)
def test_from_a_paper_key_to_a_signed_in_parent(checkout: Shell, which: str) -> None:
    story = block_after("<!-- story -->", README)
    with served(checkout) as server:
        said = bash(checkout, story.replace("http://127.0.0.1:8000", server.url), which)
        districts, offer, students, session, forgotten, refusal = answers_in(said)
        assert activations(server) == 1
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


@pytest.mark.parametrize("which", CURLS)
def test_two_districts_and_one_mother(checkout: Shell, which: str) -> None:
    story = block_after("<!-- two districts -->", README)
    with served(checkout) as server:
        links, students = answers_in(bash(checkout, story.replace("http://127.0.0.1:8000", server.url), which))
    assert [account["district"]["id"] for account in links["accounts"]] == ["cape-fear-nc"]
    assert [student["first_name"] for student in students["items"]] == ["Mateo", "Sofia"]


@pytest.mark.parametrize("which", CURLS)
def test_a_student_claims_his_account(checkout: Shell, which: str) -> None:
    story = block_after("<!-- a claim -->", README)
    with served(checkout) as server:
        early, session, again = answers_in(bash(checkout, story.replace("http://127.0.0.1:8000", server.url), which))
    assert (early["code"], early["available_at"][:2]) == ("claim_too_early", "20")
    assert (session["status"], session["account"]["username"]) == ("signed_in", "S0123471")
    assert (again["status"], again["code"]) == (409, "already_claimed")


@pytest.mark.parametrize("which", CURLS)
def test_the_help_desk_finds_out_why_a_parent_cannot_get_in(checkout: Shell, which: str) -> None:
    story = block_after("<!-- the office -->", README)
    with served(checkout) as server:
        said = bash(checkout, story.replace("http://127.0.0.1:8000", server.url), which)
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
    for line in block_after("## What a district's office or its operator does", README).splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "campus"
        if words[:2] == ["accounts", "show"]:
            office.activate(office.issue_keys("again.csv", "--replace", "maria")[0], "maria2026")
        assert shell.campus(*words)


def test_the_first_start_in_production_is_as_the_operations_page_says(tmp_path: Path) -> None:
    keys = {"secret-keys": secrets.token_urlsafe(48), "signing-keys": SigningKeyPair.generate().private_pem}
    for name, text in keys.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    start = block_after("## One small machine", OPERATIONS)
    for folder in ("/var/lib/campus", "/etc/campus"):
        start = start.replace(folder, str(tmp_path))
    without_serving, serve, _ = start.partition(" && campus serve")
    assert serve
    (tmp_path / ".venv").symlink_to(sys.prefix)
    bash(Shell(tmp_path), without_serving, "ours")
    assert stat.S_IMODE((tmp_path / "campus.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_a_document_leads_to_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def block_after(mark: str, document: str) -> str:
    """The first shell block behind the mark."""
    return document.split(mark, 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]


def bash(shell: Shell, script: str, which: str) -> str:
    """What the script prints; it must not fail, nor complain."""
    programs = shell.folder / "bin"
    programs.mkdir()
    if which == "ours":
        (programs / "curl").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{curl.__file__}" "$@"\n')
        (programs / "curl").chmod(0o700)
    else:
        (programs / "curl").symlink_to(str(shutil.which("curl")))
    path = os.pathsep.join([str(programs), str(shell.folder / ".venv" / "bin"), os.defpath])
    process = subprocess.run(  # noqa: S603  # our own documents
        [str(shutil.which("bash")), "-eu", "-c", script],
        cwd=shell.folder,
        env={**shell.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, ""), process
    return process.stdout


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
