"""A district from its first day: every command in its turn, beside a server that runs all the time."""

from typing import Any

import httpx

from tests.cli.grand_bend import ID, PASSWORD, GrandBend, Key
from tests.support.served import Served, served
from tests.support.shell import Shell

DIRECTORY = "nces_id,name,state,city\n4800001,Grand Bend,TX,Grand Bend\n1300001,Jackson County,GA,Jefferson\n"


def test_what_a_command_changes_holds_at_the_next_request(any_shell: Shell) -> None:
    """Once on each engine, over real HTTP."""
    with served(any_shell) as server:
        office = GrandBend(any_shell)
        the_district_appears(office, server)
        people_get_keys(office, server)
        maria, paul = sorted(office.issue_keys("keys.csv", "--portal", "parent"), key=lambda key: key["first_name"])
        session = maria_activates(office, server, maria)
        the_help_desk_works(office, server, session)
        a_child_leaves(office, server, paul)
    assert office.shell.json("doctor")["ok"] is True


def the_district_appears(office: GrandBend, server: Served) -> None:
    shell = office.shell
    assert shell.campus("migrate").startswith("The database is at ")
    (shell.folder / "directory.csv").write_text(DIRECTORY)
    assert shell.json("districts", "import", "directory.csv")["created"] == 2
    assert portals_of(server, "Jackson County") == []
    assert server.get(f"/districts/{ID}").status_code == 404
    office.open()
    assert portals_of(server, "Grand Bend ISD") == ["parent", "student"]
    shell.campus("districts", "set", ID, "password_policy.min_length=10", "support.phone=555-0100")
    shell.campus("districts", "announce", ID, "--title", "Welcome", "--body", "Keys are in the mail.")
    screen = server.get(f"/districts/{ID}").json()
    assert (screen["password_policy"]["min_length"], screen["support"]["phone"]) == (10, "555-0100")
    assert [notice["title"] for notice in screen["announcements"]] == ["Welcome"]


def people_get_keys(office: GrandBend, server: Served) -> None:
    planned = office.import_roster(None, "--dry-run")
    assert planned["dry_run"] is True
    assert office.import_roster()["created"] == planned["created"] == {
        "schools": 2, "students": 3, "guardians": 2, "staff": 1, "relationships": 3,
    }  # fmt: skip
    assert office.import_roster()["unchanged"] == planned["created"]
    (ana, _, _) = sorted(office.issue_keys("students.csv", "--portal", "student"), key=lambda key: key["first_name"])
    assert verify(server, ana).json()["first_name"] == "Ana"


def maria_activates(office: GrandBend, server: Served, maria: Key) -> dict[str, Any]:
    body = {"username": "maria2026", "password": PASSWORD, "password_confirm": PASSWORD}
    session = server.post("/activate", {"district": ID, "activation_key": maria["activation_key"], **body})
    assert session.status_code == 201
    assert office.shell.json(*office.account("show", "maria2026"))["live_sessions"] == 1
    students = server.get("/me/students", token=session.json()["access_token"]).json()["items"]
    assert [student["first_name"] for student in students] == ["Ana", "Ben"]
    return dict(session.json())


def the_help_desk_works(office: GrandBend, server: Served, session: dict[str, Any]) -> None:
    shell = office.shell
    shell.campus(*office.account("disable", "maria2026"))
    assert server.get("/me", token=session["access_token"]).status_code == 401
    assert sign_in(server).json()["code"] == "account_locked"
    shell.campus(*office.account("enable", "maria2026"))
    assert sign_in(server).status_code == 200
    key = shell.json(*office.account("reset", "maria2026"))
    assert sign_in(server).json()["code"] == "invalid_credentials"
    assert verify(server, key).json()["username"] == "maria2026"


def a_child_leaves(office: GrandBend, server: Served, paul: Key) -> None:
    """Cal moves away, so his father's key opens nothing any more; the other families keep theirs."""
    package = office.roster()
    for table in ("users", "demographics"):
        package.tables[table] = [row for row in package.tables[table] if row["sourcedId"] != "cal"]
    report = office.import_roster(package)
    assert (report["ended"]["students"], report["ended"]["relationships"]) == (1, 1)
    assert verify(server, paul).json()["code"] == "activation_key_expired"
    assert [key["first_name"] for key in office.issue_keys("later.csv")] == ["Ted"]


def portals_of(server: Served, name: str) -> list[str]:
    found, *_ = server.get(f"/districts?q={name}").json()["items"]
    assert found["name"] == name
    return list(found["portals"])


def verify(server: Served, key: Key) -> httpx.Response:
    return server.post("/activate/verify", {"district": ID, "activation_key": key["activation_key"]})


def sign_in(server: Served) -> httpx.Response:
    who = {"district": ID, "portal": "parent", "username": "maria2026", "password": PASSWORD}
    return server.post("/login", who)
