"""Rosters made by others, set by set: what an import says of each, lenient and strict. Where their folder lies beside the checkout."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.roster.office import NOTHING, Office, Places, faults, warnings
from tests.roster.test_shared_sets import SETS
from tests.support.engines import sqlite_only

LONGSIGHT = "longsight-v1.2-conformance"
ACCEPTED: Places = []


@dataclass(frozen=True)
class Expected:
    """Faults that must be among those reported; warnings of a lenient import, all of them."""

    name: str
    lenient: Places
    strict: Places
    warned: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name


def same(name: str, *places: tuple[str, int | None, str | None, str], warned: str = "") -> Expected:
    """Refused, or accepted, in either mode."""
    return Expected(name, [*places], [*places], frozenset(warned.split()))


def on_demand(name: str, *places: tuple[str, int | None, str | None, str], warned: str = "") -> Expected:
    """Refused only if strict."""
    return Expected(name, ACCEPTED, [*places], frozenset(warned.split()))


TABLE = [
    same(
        "edfi-grandbend-v1.1", warned="other_file_ignored student_without_school guardian_without_student email_dropped"
    ),
    same(
        "edfi-grandbend-v1.2", warned="other_file_ignored student_without_school guardian_without_student email_dropped"
    ),
    on_demand(
        "generated-v1.1-district-small",
        ("academicSessions.csv", 2, "schoolYear", "bad_year"),
        ("users.csv", 2, "status", "lifecycle_in_bulk"),
        warned="other_file_ignored lifecycle_in_bulk",
    ),
    on_demand(
        "generated-v1.1-district-medium",
        ("academicSessions.csv", 2, "schoolYear", "bad_year"),
        ("users.csv", 2, "status", "lifecycle_in_bulk"),
        warned="other_file_ignored lifecycle_in_bulk",
    ),
    same(f"{LONGSIGHT}/valid-full-bulk-package", warned="agent_not_linked"),
    same(f"{LONGSIGHT}/valid-rostering-bulk-package", warned="agent_not_linked"),
    same(f"{LONGSIGHT}/valid-manifest-only-package", warned="nothing_to_read"),
    same(f"{LONGSIGHT}/valid-rostering-delta-package", warned="agent_not_linked"),
    Expected(
        f"{LONGSIGHT}/invalid-bulk-lifecycle-status-failure",
        lenient=[("orgs.csv", None, None, "required_file_absent")],
        strict=[("users.csv", 2, "status", "lifecycle_in_bulk")],
        warned=frozenset({"lifecycle_in_bulk"}),
    ),
    same(
        f"{LONGSIGHT}/invalid-csv-quote-failure",
        ("users.csv", 2, None, "broken_quoting"),
        warned="missing_optional_column",
    ),
    same(f"{LONGSIGHT}/invalid-delta-lifecycle-datetime-failure", ("users.csv", 2, "dateLastModified", "bad_datetime")),
    same(
        f"{LONGSIGHT}/invalid-delta-lifecycle-required-failure",
        ("users.csv", 2, "status", "required_value_missing"),
        ("users.csv", 2, "dateLastModified", "required_value_missing"),
    ),
    same(f"{LONGSIGHT}/invalid-duplicate-sourcedid-failure", ("users.csv", 3, "sourcedId", "duplicate_sourced_id")),
    Expected(
        f"{LONGSIGHT}/invalid-field-parser-failures",
        lenient=[("users.csv", 2, "enabledUser", "bad_boolean")],
        strict=[
            ("academicSessions.csv", 2, "schoolYear", "bad_year"),
            ("categories.csv", 2, "title", "required_value_missing"),
            ("categories.csv", 2, "weight", "bad_number"),
            ("courses.csv", 2, "orgSourcedId", "bad_guid"),
            ("lineItems.csv", 2, "assignDate", "bad_date"),
            ("lineItems.csv", 2, "resultValueMin", "bad_number"),
            ("results.csv", 2, "inProgress", "bad_boolean"),
            ("results.csv", 2, "scoreStatus", "bad_enum"),
            ("scoreScales.csv", 2, "scoreScaleValue", "bad_list"),
            ("users.csv", 2, "enabledUser", "bad_boolean"),
        ],
    ),
    same(f"{LONGSIGHT}/invalid-invalid-manifest-header", ("manifest.csv", 1, None, "bad_header")),
    same(
        f"{LONGSIGHT}/invalid-manifest-marks-present-file-absent",
        ("users.csv", None, None, "absent_file_present"),
        warned="nothing_to_read",
    ),
    same(
        f"{LONGSIGHT}/invalid-manifest-marks-supplied-file-missing",
        ("users.csv", None, None, "declared_file_missing"),
    ),
    on_demand(
        f"{LONGSIGHT}/invalid-missing-target-file-failure",
        ("lineItems.csv", 2, "classSourcedId", "dangling_reference"),
        warned="nothing_to_read",
    ),
    on_demand(
        f"{LONGSIGHT}/invalid-missing-target-record-failure",
        ("lineItems.csv", 2, "categorySourcedId", "dangling_reference"),
        warned="agent_not_linked",
    ),
    Expected(
        f"{LONGSIGHT}/invalid-schema-header-and-metadata-failures",
        lenient=[("orgs.csv", None, None, "required_file_absent")],
        strict=[
            ("classes.csv", 1, None, "columns_out_of_order"),
            ("resources.csv", 1, None, "extra_column"),
            ("users.csv", 1, None, "columns_out_of_order"),
        ],
        warned=frozenset({"columns_out_of_order"}),
    ),
    on_demand(
        f"{LONGSIGHT}/invalid-semantic-validation-failure",
        ("lineItemLearningObjectiveIds.csv", 2, "learningObjectiveId", "bad_objective_id"),
        ("lineItems.csv", 2, "resultValueMax", "bad_range"),
        ("scoreScales.csv", 2, "scoreScaleValue", "bad_list"),
        warned="agent_not_linked",
    ),
    on_demand(
        f"{LONGSIGHT}/invalid-unknown-zip-entry",
        ("extra.csv", None, None, "unknown_file"),
        warned="nothing_to_read unknown_file",
    ),
    on_demand(
        "microsoft-sds-v2",
        ("manifest.csv", None, None, "missing_manifest"),
        warned="microsoft_sds other_file_ignored password_dropped student_without_birth_date student_without_number",
    ),
    on_demand(
        "microsoft-sds-v2.1",
        ("manifest.csv", None, None, "missing_manifest"),
        warned="microsoft_sds other_file_ignored password_dropped student_without_number",
    ),
]


@sqlite_only
@pytest.mark.parametrize("expected", [row for row in TABLE if (SETS / row.name).is_dir()], ids=str)
async def test_each_set_is_accepted_or_refused_for_its_own_fault(office: Office, expected: Expected) -> None:
    strict = await office.roster(SETS / expected.name, strict=True)
    assert strict.created == NOTHING or not expected.strict
    lenient = await office.roster(SETS / expected.name)

    assert told(faults(strict), expected.strict) == expected.strict
    assert told(faults(lenient), expected.lenient) == expected.lenient
    assert warnings(lenient).keys() == expected.warned
    assert lenient.created == NOTHING or not expected.lenient


def told(found: Places, expected: Places) -> Places:
    """Those that were expected, in the order of the table; all where none was."""
    return [place for place in expected if place in found] if expected else found


@sqlite_only
async def test_a_package_without_anything_lacks_its_manifest(office: Office, tmp_path: Path) -> None:
    """Upstream's `invalid-missing-manifest`, which is no folder."""
    assert faults(await office.roster(tmp_path, strict=True)) == [("manifest.csv", None, None, "missing_manifest")]


def test_no_set_is_forgotten() -> None:
    folders = {str(path.parent.relative_to(SETS)) for path in SETS.rglob("*.csv")} - {LONGSIGHT, "edfi-grandbend-flat"}
    assert folders - {row.name for row in TABLE} == set()
