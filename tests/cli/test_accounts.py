"""Help by command, for an office that has somebody on the phone."""

from datetime import datetime
from uuid import UUID

import pytest

from tests.cli.grand_bend import ID, GrandBend

SHOWN = [
    "id",
    "person_id",
    "portal",
    "username",
    "first_name",
    "last_name",
    "created_at",
    "last_signed_in_at",
    "disabled_at",
    "has_password",
    "may_enter",
    "failed_sign_ins",
    "sign_in_step",
    "wait_until",
    "live_sessions",
    "key_expires_at",
    "status",
    "reasons",
    "key_state",
    "totp_set_up",
    "passkeys",
    "recovery_email",
    "email_confirmed",
    "students",
    "mails",
    "can_do",
]


@pytest.fixture
def maria(grand_bend: GrandBend) -> GrandBend:
    """Grand Bend, where Maria has an account, and a session from its activation."""
    maria, _ = sorted(grand_bend.issue_keys("keys.csv", "--portal", "parent"), key=lambda key: key["first_name"])
    grand_bend.activate(maria, "Maria2026")
    return grand_bend


def test_an_account_is_shown_whole_and_without_secrets(maria: GrandBend) -> None:
    account = maria.shell.json(*maria.account("show", "Maria2026"))
    assert list(account) == SHOWN
    assert UUID(account["id"]) != UUID(account["person_id"])
    assert (account["username"], account["first_name"], account["portal"]) == ("Maria2026", "Maria", "parent")
    assert (account["has_password"], account["may_enter"], account["live_sessions"]) == (True, True, 1)
    assert (account["disabled_at"], account["key_expires_at"]) == (None, None)
    assert (account["failed_sign_ins"], account["sign_in_step"], account["wait_until"]) == (0, "free", None)
    assert (account["status"], account["reasons"], account["key_state"]) == ("active", [], "used")
    assert {(student["portal"], student["ended"]) for student in account["students"]} == {(True, False)}


def test_people_read_one_line_for_each_fact(maria: GrandBend) -> None:
    lines = maria.shell.campus(*maria.account("show", "maria2026")).splitlines()
    assert [line[:21].strip() for line in lines] == [name.replace("_", " ") for name in SHOWN]
    assert lines[3].split() == ["username", "Maria2026"]
    assert lines[8].split() == ["disabled", "at", "-"]


def test_capitals_do_not_matter_and_the_portal_does(maria: GrandBend) -> None:
    assert maria.shell.json(*maria.account("show", "MARIA2026"))["username"] == "Maria2026"
    _, complaint = maria.shell.refused(*maria.account("show", "maria2026", "--portal", "student"))
    assert "'maria2026' in the student portal" in complaint


def test_an_account_that_is_switched_off_is_signed_out_and_stays_out(maria: GrandBend) -> None:
    said = maria.shell.campus(*maria.account("disable", "maria2026"))
    assert said == "maria2026 is switched off and signed out everywhere.\n"
    account = maria.shell.json(*maria.account("show", "maria2026"))
    assert account["disabled_at"] is not None
    assert account["live_sessions"] == 0
    assert maria.sign_in("maria2026") == "account_locked"


def test_an_account_that_is_switched_on_again_has_its_old_password(maria: GrandBend) -> None:
    maria.shell.campus(*maria.account("disable", "maria2026"))
    assert maria.shell.campus(*maria.account("enable", "maria2026")) == "maria2026 is switched on.\n"
    assert maria.sign_in("maria2026") == "signed in"


def test_scripts_read_what_was_switched(maria: GrandBend) -> None:
    assert maria.shell.json(*maria.account("disable", "maria2026")) == {"username": "maria2026", "disabled": True}
    assert maria.shell.json(*maria.account("enable", "maria2026")) == {"username": "maria2026", "enabled": True}


def test_an_account_that_is_erased_is_nobodys(maria: GrandBend) -> None:
    assert maria.shell.json(*maria.account("erase", "MARIA2026")) == {"username": "MARIA2026", "erased": True}
    assert "not_found" in maria.shell.refused(*maria.account("show", "Maria2026"))[1]


def test_a_reset_gives_a_key_and_takes_everything_else(maria: GrandBend) -> None:
    reset = maria.shell.json(*maria.account("reset", "maria2026"))
    assert list(reset) == ["method", "activation_key", "expires_at"]
    assert reset["method"] == "key"
    assert maria.opens(reset) == "Maria, parent"
    account = maria.shell.json(*maria.account("show", "maria2026"))
    assert (account["has_password"], account["live_sessions"]) == (False, 0)
    assert moment(account["key_expires_at"]) == moment(reset["expires_at"])
    assert maria.sign_in("maria2026") == "invalid_credentials"


def test_a_reset_says_how_to_hand_the_key_over(maria: GrandBend) -> None:
    said = maria.shell.campus(*maria.account("reset", "maria2026", "--method", "key"))
    assert said.startswith("maria2026 is signed out everywhere. The new activation key: ")
    assert "never over the phone" in said


def test_a_key_is_no_help_to_somebody_who_may_not_enter(maria: GrandBend) -> None:
    """Her children have left, so the office must change the roster first."""
    package = maria.roster()
    for table in ("users", "demographics"):
        package.tables[table] = [row for row in package.tables[table] if row["sourcedId"] not in {"ana", "ben"}]
    maria.import_roster(package, "--allow-ending", "60")
    code, complaint = maria.shell.refused(*maria.account("reset", "maria2026"))
    account = maria.shell.json(*maria.account("show", "maria2026"))
    assert code == 1
    assert complaint.startswith("campus: there is nobody ")
    assert "UUID(" not in complaint
    assert (account["may_enter"], account["has_password"]) == (False, True)


def test_a_search_says_why_somebody_cannot_get_in(maria: GrandBend) -> None:
    maria.shell.campus(*maria.account("disable", "maria2026"))
    search = ("accounts", "search", "--district", ID)
    found = maria.shell.json(*search, "maria")
    assert [(account["username"], account["reasons"]) for account in found["items"]] == [("Maria2026", ["disabled"])]
    assert list(found["items"][0]) == SHOWN
    assert maria.shell.campus(*search, "maria2").splitlines()[0].endswith(": disabled")
    ana = maria.shell.json(*search, "ana")["without_account"]
    assert [(person["portal"], person["reason"]) for person in ana] == [("student", "no_key")]
    assert "has no student account: no_key" in maria.shell.campus(*search, "ana")


def test_a_reset_by_mail_needs_an_address_and_a_claim_a_student(maria: GrandBend) -> None:
    _, complaint = maria.shell.refused(*maria.account("reset", "maria2026", "--method", "mail"))
    assert "(no_address)" in complaint
    _, complaint = maria.shell.refused(*maria.account("reset", "maria2026", "--method", "claim"))
    assert "method: " in complaint
    assert maria.sign_in("maria2026") == "signed in", "a refusal changes nothing"


def test_a_student_who_starts_over_claims_the_account_once_more(maria: GrandBend) -> None:
    (key, *_) = maria.issue_keys("students.csv", "--portal", "student")
    maria.activate(key, "Student2026")
    maria.shell.campus("districts", "set", ID, "features.claim=true")
    reset = ("reset", "student2026", "--portal", "student", "--method", "claim")
    assert maria.shell.json(*maria.account(*reset)) == {"method": "claim"}
    assert "claim the account once more" in maria.shell.campus(*maria.account(*reset))


def test_the_portal_flag_is_switched_by_the_id_that_the_search_shows(maria: GrandBend) -> None:
    search = ("relationships", "search", "--district", ID, "maria")
    flags = {item["id"]: item["portal"] for item in maria.shell.json(*search)["items"]}
    assert set(flags.values()) == {True}
    for relationship in flags:
        switch = ("relationships", "set", "--district", ID, relationship, "--portal", "off")
        assert maria.shell.json(*switch)["portal"] is False
    assert maria.shell.json(*maria.account("show", "maria2026"))["reasons"] == ["no_portal_access"]
    assert maria.sign_in("maria2026") == "account_locked"
    assert all(line.endswith("portal False") for line in maria.shell.campus(*search).splitlines())


@pytest.mark.parametrize("what", ["show", "disable", "enable", "reset"])
def test_a_username_that_nobody_has_is_refused(grand_bend: GrandBend, what: str) -> None:
    code, complaint = grand_bend.shell.refused(*grand_bend.account(what, "nobody1"))
    assert (code, complaint) == (
        1,
        f"campus: Nobody in {ID} has the username 'nobody1' in the parent portal. (not_found)\n",
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(microsecond=0)
