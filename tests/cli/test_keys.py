"""Printing activation keys."""

import csv
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.clock import ManualClock
from app.composition import Campus
from app.services.keys import IssuedKey
from app.services.office.key_file import COLUMNS
from tests.cli.grand_bend import ID, GrandBend, keys_in

LONG_AGO = datetime.now(UTC) - timedelta(days=100)


def people(keys: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((key["first_name"], key["portal"]) for key in keys)


def test_everybody_who_may_have_an_account_gets_a_key_that_opens_his_portal(grand_bend: GrandBend) -> None:
    keys = grand_bend.issue_keys("keys.csv")
    everybody = [("Ana", "student"), ("Ben", "student"), ("Cal", "student"), ("Maria", "parent"), ("Paul", "parent")]
    assert people(keys) == [*everybody, ("Ted", "staff")]
    assert [grand_bend.opens(key) for key in keys] == [f"{key['first_name']}, {key['portal']}" for key in keys]
    assert all(key["expires_at"].endswith("Z") for key in keys)


def test_the_file_is_for_its_owner_only(grand_bend: GrandBend) -> None:
    grand_bend.issue_keys("keys.csv")
    file = grand_bend.shell.folder / "keys.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as lines:
        assert tuple(next(csv.reader(lines))) == COLUMNS
    assert COLUMNS == ("person_id", "first_name", "last_name", "portal", "activation_key", "expires_at")


def test_keys_are_never_written_over_others(grand_bend: GrandBend) -> None:
    file = grand_bend.shell.folder / "keys.csv"
    file.write_text("the keys of last year")
    code, complaint = grand_bend.shell.refused("keys", "issue", "--district", ID, "--csv", "keys.csv")
    assert (code, file.read_text()) == (1, "the keys of last year")
    assert complaint == "campus: keys.csv is there already; keys are never written over others\n"
    assert len(grand_bend.issue_keys("other.csv")) == 6


def test_whoever_has_a_key_gets_no_second_one(grand_bend: GrandBend) -> None:
    first = grand_bend.issue_keys("first.csv", "--portal", "parent")
    assert grand_bend.issue_keys("second.csv", "--portal", "parent") == []
    assert people(first) == [("Maria", "parent"), ("Paul", "parent")]
    assert grand_bend.opens(first[0]).endswith(", parent")


def test_whoever_has_an_account_gets_no_key(grand_bend: GrandBend) -> None:
    maria, paul = sorted(grand_bend.issue_keys("first.csv", "--portal", "parent"), key=lambda key: key["first_name"])
    grand_bend.activate(maria, "maria2026")
    grand_bend.activate(paul, "paul2026")
    assert grand_bend.issue_keys("second.csv", "--portal", "parent") == []


def test_a_key_that_has_expired_is_replaced(grand_bend: GrandBend) -> None:
    old: list[IssuedKey] = []

    async def print_letters(keys: Sequence[IssuedKey]) -> None:
        old.extend(keys)

    async def issue(campus: Campus) -> int:
        return await campus.key_issue.issue(ID, print_letters)

    assert grand_bend.behind_the_counter(issue, ManualClock(LONG_AGO)) == 6
    new = grand_bend.issue_keys("new.csv")
    assert people(new) == sorted((key.first_name, key.portal.value) for key in old)
    assert {grand_bend.opens({"activation_key": key.activation_key}) for key in old} == {"activation_key_expired"}
    assert grand_bend.opens(new[0]) == f"{new[0]['first_name']}, {new[0]['portal']}"


@pytest.mark.parametrize("school", ["middle", "002", "Grand Bend Middle School"])
def test_one_school_may_print_its_own(grand_bend: GrandBend, school: str) -> None:
    """Guardians belong to the schools of their students."""
    assert people(grand_bend.issue_keys("keys.csv", "--school", school)) == [("Cal", "student"), ("Paul", "parent")]


def test_a_lost_key_is_replaced_and_opens_nothing_any_more(grand_bend: GrandBend) -> None:
    maria, paul = sorted(grand_bend.issue_keys("keys.csv", "--portal", "parent"), key=lambda key: key["first_name"])
    (again,) = grand_bend.issue_keys("again.csv", "--replace", maria["person_id"])
    (third,) = grand_bend.issue_keys("third.csv", "--replace", "maria", "--portal", "parent")
    assert [grand_bend.opens(key) for key in (maria, again)] == ["activation_key_invalid"] * 2
    assert [grand_bend.opens(key) for key in (third, paul)] == ["Maria, parent", "Paul, parent"]


@pytest.mark.parametrize(
    "mistake",
    [("--district", "nowhere"), ("--school", "Grand Bent"), ("--replace", "mario")],
    ids=["district", "school", "person"],
)
def test_a_command_with_a_mistake_may_be_corrected_and_repeated(
    grand_bend: GrandBend, mistake: tuple[str, str]
) -> None:
    """Nothing is left behind that the next attempt would be told not to overwrite."""
    words = ("keys", "issue", "--district", ID, "--csv", "keys.csv")
    code, complaint = grand_bend.shell.refused(*words, *mistake)
    assert code == 1
    assert mistake[1] in complaint or mistake[0] == "--district"
    assert len(grand_bend.issue_keys("keys.csv")) == 6


def test_people_read_how_many_there_are_and_where(grand_bend: GrandBend) -> None:
    said = grand_bend.shell.campus("keys", "issue", "--district", ID, "--csv", "keys.csv", "--portal", "staff")
    assert said == "1 key is in keys.csv.\n"
    assert len(keys_in(grand_bend.shell.folder / "keys.csv")) == 1


def test_a_name_that_is_a_formula_is_harmless_in_a_spreadsheet(grand_bend: GrandBend) -> None:
    package = grand_bend.roster()
    package.student("dan", givenName="=1+1", familyName="@SUM(1)")
    grand_bend.import_roster(package)
    keys = grand_bend.issue_keys("keys.csv", "--portal", "student")
    assert ("'=1+1", "'@SUM(1)") in {(key["first_name"], key["last_name"]) for key in keys}


def test_an_operator_lists_keys_and_takes_one_back(grand_bend: GrandBend) -> None:
    maria, paul = sorted(grand_bend.issue_keys("keys.csv", "--portal", "parent"), key=lambda key: key["first_name"])
    words = ("keys", "list", "--district", ID)
    listed = {key["person_id"]: key for key in grand_bend.shell.json(*words, "--state", "live")}
    assert set(listed) == {maria["person_id"], paul["person_id"]}
    known = listed[maria["person_id"]]
    assert (known["state"], known["portal"], known["first_name"]) == ("live", "parent", "Maria")
    assert maria["activation_key"] not in str(listed)
    revoke = ("keys", "revoke", "--district", ID)
    assert grand_bend.shell.campus(*revoke, known["id"]) == "1 key opens nothing any more.\n"
    assert [grand_bend.opens(key) for key in (maria, paul)] == ["activation_key_invalid", "Paul, parent"]
    assert "(key_not_live)" in grand_bend.shell.refused(*revoke, known["id"])[1]
    said = grand_bend.shell.campus(*words, "--person", maria["person_id"])
    assert "revoked" in said
    assert "Maria" in said


def test_an_operator_takes_back_a_key_or_a_batch_that_he_names(grand_bend: GrandBend) -> None:
    key, batch = [str(UUID(int=1))], ["--batch", str(UUID(int=2))]
    for words in ([], key + batch):
        code, complaint = grand_bend.shell.refused("keys", "revoke", "--district", ID, *words)
        assert (code, "either a key or a batch" in complaint) == (2, True)
    for words in (key, batch):
        assert "(not_found)" in grand_bend.shell.refused("keys", "revoke", "--district", ID, *words)[1]
