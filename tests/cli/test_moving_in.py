"""A district moves in from another system: `campus accounts import` and `campus keys import`, as an operator types them."""

import csv
from collections.abc import Sequence
from pathlib import Path

import argon2

from tests.cli.grand_bend import ID, PASSWORD, GrandBend

GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
ACCOUNTS = ("accounts", "import", "--district", ID)
KEYS = ("keys", "import", "--district", ID)
COUNTS = {"unchanged": 0, "conflicts": 0, "left_out": 0, "warnings": [], "warnings_total": 0}


def test_an_operator_looks_first_and_then_imports(grand_bend: GrandBend) -> None:
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    file = write(
        grand_bend, ["person_id", "portal", "username", "password_hash"], ["maria", "parent", "M.Lopez", stored]
    )
    dry = grand_bend.shell.campus(*ACCOUNTS, file, "--dry-run")
    assert dry == "New accounts: 1, 0 there already, 0 different, 0 left out. Dry run: nothing was written.\n"
    assert grand_bend.sign_in("m.lopez") == "invalid_credentials"
    done = grand_bend.shell.json(*ACCOUNTS, file)
    assert done == {"dry_run": False, "created": 1, **COUNTS, "errors": [], "errors_total": 0}
    assert grand_bend.sign_in("m.lopez") == "signed in"
    assert grand_bend.shell.json(*ACCOUNTS, file)["unchanged"] == 1
    shown = grand_bend.shell.json(*grand_bend.account("show", "m.lopez"))
    assert (shown["username"], shown["has_password"], shown["status"]) == ("M.Lopez", True, "active")


def test_faults_are_told_by_row_and_no_secret_is_repeated(grand_bend: GrandBend) -> None:
    columns = ["username", "portal", "person_id", "password_hash", "phone"]
    rows = [["maria1", "parent", "maria", "Sunny meadow 42", "555"], ["paul1", "parent", "pauline", "", "555"]]
    file = write(grand_bend, columns, *rows)
    told, scripted = grand_bend.shell.run(*ACCOUNTS, file), grand_bend.shell.run(*ACCOUNTS, file, "--json")
    assert (told.code, scripted.code) == (1, 1)
    assert scripted.json["errors"] == [
        {"row": 2, "column": "password_hash", "code": "hash_unknown"},
        {"row": 3, "column": "person_id", "code": "person_not_found"},
    ]
    assert scripted.json["warnings"] == [
        {"row": 1, "column": None, "code": "extra_column"},
    ]
    assert scripted.json["created"] == 0
    assert told.out.endswith("2 fault(s). Nothing was written.\n")
    assert "hash_unknown: This is no hash of bcrypt, Argon2, PBKDF2 or scrypt." in told.out
    for secret in ("meadow", "maria", "paul", "555"):
        assert secret not in told.out + told.err + scripted.out + scripted.err


def test_keys_that_are_printed_come_with_a_caution_and_live_for_days(grand_bend: GrandBend) -> None:
    file = write(grand_bend, ["person_id", "portal", "activation_key"], ["maria", "parent", GUID])
    said = grand_bend.shell.campus(*KEYS, file, "--days", "3")
    assert said.startswith("New keys: 1, 0 there already")
    assert "somebody there may know them, or guess them" in said
    assert GUID not in said
    assert grand_bend.opens({"activation_key": GUID}) == "Maria, parent"
    (key,) = grand_bend.shell.json("keys", "list", "--district", ID)
    assert (key["state"], key["portal"]) == ("live", "parent")
    again = grand_bend.shell.json(*KEYS, file)
    assert (again["created"], again["unchanged"], "caution" in again) == (0, 1, True)
    assert grand_bend.shell.refused(*KEYS, file, "--days", "31")[0] == 2


def test_a_file_that_is_not_there_or_holds_nothing_is_refused(grand_bend: GrandBend) -> None:
    assert grand_bend.shell.refused(*ACCOUNTS, "nowhere.csv")[0] == 2
    (grand_bend.shell.folder / "empty.csv").write_bytes(b"")
    for command in (ACCOUNTS, KEYS):
        printed = grand_bend.shell.run(*command, "empty.csv", "--json")
        assert (printed.code, printed.json["errors"]) == (1, [{"row": None, "column": None, "code": "no_rows"}])
    file = write(grand_bend, ["person", "portal", "name"], ["maria", "parent", "maria1"])
    missing = grand_bend.shell.run(*ACCOUNTS, file, "--json").json["errors"]
    assert [(fault["column"], fault["code"]) for fault in missing] == [
        ("person_id", "missing_column"),
        ("username", "missing_column"),
    ]
    code, complaint = grand_bend.shell.refused("accounts", "import", "--district", "nowhere", file)
    assert (code, "(district_not_found)" in complaint) == (1, True)


def write(district: GrandBend, header: Sequence[str], *rows: Sequence[str]) -> str:
    file = Path(district.shell.folder, "moving-in.csv")
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([header, *rows])
    return str(file)
