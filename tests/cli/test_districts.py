"""Opening districts, changing what they decide, announcing."""

from typing import Any

from app.composition import Campus
from app.services.districts import LoginScreen
from tests.cli.grand_bend import ID, GrandBend
from tests.support.shell import Shell


def test_a_district_is_opened_once(shell: Shell) -> None:
    words = (
        "districts",
        "add",
        "--id",
        "gb",
        "--name",
        "Grand Bend ISD",
        "--state",
        "TX",
        "--timezone",
        "America/Chicago",
    )
    assert shell.json(*words) == {"id": "gb", "changed": True}
    assert shell.json(*words) == {"id": "gb", "changed": False}
    assert shell.campus(*words) == "gb was open already.\n"
    assert shell.campus(*words, "--city", "Grand Bend") == "gb is open.\n"


def test_an_entry_of_the_directory_is_opened_and_stays_open(shell: Shell) -> None:
    """The next edition of the directory renames it and closes nothing."""
    directory = shell.folder / "directory.csv"
    directory.write_text("nces_id,name,state,city\n4800001,Grand Bend,TX,Grand Bend\n")
    assert shell.json("districts", "import", "directory.csv") == {"created": 1, "updated": 0, "unchanged": 0}
    shell.campus(
        *("districts", "add", "--id", "4800001", "--name", "Grand Bend ISD", "--state", "TX"),
        *("--timezone", "America/Chicago"),
    )
    directory.write_text("nces_id,name,state,city\n4800001,Grand Bend Independent,TX,Grand Bend\n")
    assert shell.json("districts", "import", "directory.csv") == {"created": 0, "updated": 1, "unchanged": 0}
    assert shell.json("districts", "set", "4800001", "features.claim=true")["features"]["claim"] is True


def test_what_a_district_decides_is_told_whole(shell: Shell) -> None:
    district = opened(shell)
    settings = set_(district, "password_policy.min_length=10", "support.phone=555-0100", "languages=en, es,fr")
    assert settings["password_policy"]["min_length"] == 10
    assert settings["support"]["phone"] == "555-0100"
    assert settings["languages"] == ["en", "es", "fr"]
    assert settings["username_policy"] == {"min_length": 4, "max_length": 32}
    assert shell.campus("districts", "set", ID, "features.claim=true") == f"{ID}: features.claim=true\n"


def test_an_empty_value_restores_the_default(shell: Shell) -> None:
    district = opened(shell)
    set_(district, "password_policy.min_length=10", "support.phone=555-0100")
    settings = set_(district, "password_policy.min_length=", "support.phone=")
    assert (settings["password_policy"]["min_length"], settings["support"]["phone"]) == (8, None)


def test_one_wrong_assignment_undoes_them_all(shell: Shell) -> None:
    district = opened(shell)
    code, complaint = shell.refused("districts", "set", ID, "features.claim=true", "password_policy.min_length=3")
    assert code == 1
    assert complaint.startswith("campus: password_policy.min_length: ")
    assert set_(district, "features.sso=false")["features"]["claim"] is False


def test_a_misspelt_setting_is_answered_with_all_that_there_are(shell: Shell) -> None:
    opened(shell)
    _, complaint = shell.refused("districts", "set", ID, "features.claims=true")
    assert complaint.startswith("campus: There is no setting 'features.claims'. Settings are: activation_key.days, ")


def test_an_announcement_is_seen_while_it_lasts(shell: Shell) -> None:
    district = opened(shell)
    now = announce(district, "Report cards", "--link", "Open=https://gb.example.org/cards", "--from", "2026-01-01")
    announce(district, "Last year", "--until", "2026-01-01")
    announce(district, "Next year", "--from", "2126-01-01T08:00:00")
    screen = login_screen(district)
    assert [(notice.id, notice.title) for notice in screen.announcements] == [(now, "Report cards")]
    assert screen.announcements[0].links == [{"label": "Open", "url": "https://gb.example.org/cards"}]
    assert str(screen.announcements[0].published_on) == "2026-01-01"
    said = shell.campus("districts", "announce", ID, "--title", "Snow day", "--body", "Schools are closed.")
    assert said.startswith("Announced as ")
    assert len(login_screen(district).announcements) == 2


def opened(shell: Shell) -> GrandBend:
    district = GrandBend(shell)
    district.open()
    return district


def set_(district: GrandBend, *assignments: str) -> Any:
    return district.shell.json("districts", "set", ID, *assignments)


def announce(district: GrandBend, title: str, *options: str) -> str:
    """The id of the new announcement."""
    words = ("districts", "announce", ID, "--title", title, "--body", f"About {title.lower()}.")
    return str(district.shell.json(*words, *options)["id"])


def login_screen(district: GrandBend) -> LoginScreen:
    async def look(campus: Campus) -> LoginScreen:
        return await campus.districts.login_screen(ID)

    return district.behind_the_counter(look)
