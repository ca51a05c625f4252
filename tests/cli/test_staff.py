"""The office of a new district: its first admin comes from a shell, and so does what happened there."""

import csv
import stat
from uuid import UUID

from app.services.activate import ActivationRequest
from tests.cli.grand_bend import ID, PASSWORD, GrandBend

DANA = ("--person-name", "Dana Van Reed", "--username", "DReed26", "--role", "district_admin")


def staff(command: str, *words: str) -> list[str]:
    return ["staff", command, "--district", ID, *words]


def test_the_first_admin_gets_a_key_that_carries_the_username(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    added = shell.json(*staff("add", *DANA))
    assert list(added) == ["person_id", "username", "activation_key", "expires_at"]
    assert (UUID(added["person_id"]).version, added["username"]) == (4, "DReed26")
    assert grand_bend.opens(added) == "Dana, staff"
    request = ActivationRequest(ID, added["activation_key"], "dreed26", PASSWORD, PASSWORD)
    opened = grand_bend.behind_the_counter(lambda campus: campus.activation.activate(request))
    assert (opened.account.portal, opened.account.last_name) == ("staff", "Van Reed")
    _, complaint = shell.refused(*staff("add", *DANA))
    assert "(username_taken)" in complaint


def test_a_roster_does_not_end_whom_it_never_knew(grand_bend: GrandBend) -> None:
    added = grand_bend.shell.json(*staff("add", *DANA))
    report = grand_bend.import_roster()
    assert report["ended"].get("people", 0) == 0
    assert grand_bend.opens(added) == "Dana, staff"


def test_a_teacher_is_given_a_part_once_more_and_loses_it(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    words = ("--person", "ted", "--username", "ted2026", "--role", "help_desk")
    first = shell.json(*staff("add", *words, "--school", "002"))
    listed = shell.json(*staff("list"))["items"]
    assert [(item["username"], item["role"]) for item in listed] == [("ted2026", "help_desk")]
    assert [school["name"] for school in listed[0]["schools"]] == ["Grand Bend Middle School"]
    said = shell.campus(*staff("add", *words))
    assert said.startswith(f"ted2026 is help_desk in {ID}. The activation key: ")
    assert "never over the phone" in said
    assert grand_bend.opens(first) == "activation_key_invalid"
    assert "(whole district)" in shell.campus(*staff("list"))
    assert shell.json(*staff("remove", "TED2026")) == {"username": "TED2026", "removed": True}
    assert shell.json(*staff("list")) == {"items": []}


def test_who_is_no_staff_or_has_no_whole_name_gets_no_part(grand_bend: GrandBend) -> None:
    role = ("--username", "maria26", "--role", "help_desk")
    for who, reason in {
        ("--person", "maria"): "(not_entitled)",
        ("--person", "nobody"): "(not_found)",
        ("--person-name", "Dana"): "First Last",
        ("--person-name", "Dana Reed", "--person", "ted"): "--person-name",
        (): "--person-name",
    }.items():
        _, complaint = grand_bend.shell.refused(*staff("add", *who, *role))
        assert reason in complaint
    assert grand_bend.shell.json(*staff("list")) == {"items": []}


def test_what_happened_leaves_as_a_private_file(grand_bend: GrandBend) -> None:
    shell = grand_bend.shell
    added = shell.json(*staff("add", *DANA))
    words = ("audit", "export", "--district", ID, "--person", added["person_id"], "--actor", "operator")
    assert shell.json(*words, "--csv", "trail.csv") == {"events": 3, "csv": "trail.csv"}
    file = shell.folder / "trail.csv"
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert {row["tag"] for row in rows} >= {"operator:staff:added", "operator:audit:exported"}
    assert {row["person_id"] for row in rows} == {added["person_id"]}
    assert "Dana" not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    early = (*words, "--until", "2020-01-01", "--tag", "operator:staff:", "--csv", "early.csv")
    assert shell.campus(*early) == "0 events are in early.csv.\n"
