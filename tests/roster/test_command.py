"""`campus roster import`, as an operator types it."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from tests.roster.packages import Package

Campus = Callable[..., Result]


@pytest.fixture
def campus(sqlite_url: str) -> Campus:
    """The command over a migrated database with the district `gb`."""
    environment = {"CAMPUS_DATABASE_URL": sqlite_url, "COLUMNS": "80"}

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], env=environment)

    run("districts", "add", "--id", "gb", "--name", "Grand Bend", "--state", "TX", "--timezone", "America/Chicago")
    return run


def test_an_import_ends_with_a_table(campus: Campus, package_1_1: Package) -> None:
    folder = package_1_1.student("ana", agents="maria").adult("maria", status="active").write()

    first = campus("roster", "import", "--district", "gb", folder)
    second = campus("roster", "import", "--district", "gb", folder)

    assert first.exit_code == 0
    assert "guardians" in first.output
    assert "lifecycle_in_bulk: In a bulk package this column should be blank." in first.output
    assert first.output.endswith("Done.\n")
    assert second.output.endswith("The district already is as the package says. Nothing was written.\n")


def test_a_dry_run_says_so(campus: Campus, package_1_1: Package) -> None:
    folder = package_1_1.student("ana").write()

    dry = campus("roster", "import", "--district", "gb", folder, "--dry-run")
    real = json.loads(campus("roster", "import", "--district", "gb", folder, "--json").stdout)

    assert "By school" in dry.output
    assert dry.output.endswith("Dry run: nothing was written.\n")
    assert real["created"]["students"] == 1


def test_json_is_all_that_scripts_see(campus: Campus, package_1_1: Package) -> None:
    result = campus("roster", "import", "--district", "gb", package_1_1.student("ana").zip(), "--json")

    report = json.loads(result.stdout)
    (school,) = report.pop("by_school")
    assert (school["sourced_id"], school["created"]["students"]) == ("school", 1)
    assert report == {
        "dry_run": False,
        "created": {"schools": 1, "students": 1, "guardians": 0, "staff": 0, "relationships": 0},
        "updated": {"schools": 0, "students": 0, "guardians": 0, "staff": 0, "relationships": 0},
        "ended": {"schools": 0, "students": 0, "guardians": 0, "staff": 0, "relationships": 0},
        "leaving": {"schools": 0, "students": 0, "guardians": 0, "staff": 0, "relationships": 0},
        "unchanged": {"schools": 0, "students": 0, "guardians": 0, "staff": 0, "relationships": 0},
        "warnings": [],
        "errors": [],
        "errors_total": 0,
    }
    assert result.exit_code == 0


def test_faults_are_told_with_what_to_do_and_exit_code_1(campus: Campus, package_1_1: Package) -> None:
    folder = package_1_1.student("ana", enabledUser="perhaps").write()

    told = campus("roster", "import", "--district", "gb", folder)
    scripted = campus("roster", "import", "--district", "gb", folder, "--json")

    assert (told.exit_code, scripted.exit_code) == (1, 1)
    assert "bad_boolean: The value must be true or false." in told.output
    assert told.output.endswith("1 fault(s). Nothing was written.\n")
    assert json.loads(scripted.stdout)["errors"] == [
        {"file": "users.csv", "row": 2, "column": "enabledUser", "code": "bad_boolean"}
    ]


def test_what_is_forgiven_is_refused_on_demand(campus: Campus, package_1_1: Package) -> None:
    folder = package_1_1.student("ana", status="active").student("ben", status="active").write()

    strict = json.loads(campus("roster", "import", "--district", "gb", folder, "--strict", "--json").stdout)
    lenient = json.loads(campus("roster", "import", "--district", "gb", folder, "--json").stdout)

    fault = {"file": "users.csv", "row": 2, "column": "status", "code": "lifecycle_in_bulk"}
    assert (strict["errors"], strict["warnings"], strict["created"]["students"]) == (
        [fault],
        [{**fault, "count": 2}],
        0,
    )
    assert (lenient["errors"], lenient["warnings"], lenient["created"]["students"]) == ([], [{**fault, "count": 2}], 2)


def test_how_many_may_leave_is_an_option(campus: Campus, package_1_1: Package) -> None:
    both = package_1_1.student("ana").student("ben")
    campus("roster", "import", "--district", "gb", both.write())
    for table in ("users", "demographics"):
        package_1_1.tables[table].pop()
    folder = package_1_1.write()

    refused = campus("roster", "import", "--district", "gb", folder)
    allowed = campus("roster", "import", "--district", "gb", folder, "--allow-ending", "50")

    assert (refused.exit_code, "too_many_ended" in refused.output) == (1, True)
    assert allowed.exit_code == 0
