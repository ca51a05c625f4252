"""The inventory of what runs, in the standard form that scanners of a district read."""

import json
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from app.documents.components import bill_of_materials, locked
from tests.documents.blocks import ROOT


@pytest.fixture(scope="module")
def document() -> Any:
    return bill_of_materials(locked("run"), "2026-11-22T12:00:00Z")


def test_every_library_that_is_locked_is_there_with_version_and_hashes(document: Any) -> None:
    lock = (ROOT / "requirements" / "run.lock").read_text(encoding="utf-8")
    told = {(each["name"], each["version"]): each for each in document["components"]}
    assert sorted(told) == sorted(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==([^\s;]+)", lock, re.MULTILINE))
    assert sum(len(each["hashes"]) for each in told.values()) == lock.count("--hash=sha256:")
    assert {each["purl"] for each in told.values()} == {f"pkg:pypi/{name}@{version}" for name, version in told}


def test_it_says_what_rests_on_what_and_under_which_licence(document: Any) -> None:
    rests_on = {each["ref"].partition("@")[0]: each["dependsOn"] for each in document["dependencies"]}
    names = {each["bom-ref"] for each in document["components"]}
    assert {each for known in rests_on.values() for each in known} <= names
    assert {each.partition("@")[0] for each in rests_on["campus-accounts"]} >= {"pkg:pypi/fastapi", "pkg:pypi/libpass"}
    assert "pkg:pypi/starlette" in {each.partition("@")[0] for each in rests_on["pkg:pypi/fastapi"]}
    nameless = {each["name"] for each in document["components"] if not each["licenses"]}
    assert nameless.isdisjoint(each.metadata["Name"].lower() for each in distributions()), "what is installed, says it"


def test_extras_are_counted_if_asked_for() -> None:
    assert {"weasyprint", "pypdf"} <= {library.name for library in locked("run", "pdf")}
    assert set(map(str, locked("run"))) < set(map(str, locked("run", "telemetry")))


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sbom" / "campus.cdx.json"
    run([sys.executable, "-m", "app.documents.components", str(file)], cwd=ROOT, check=True, capture_output=True)  # noqa: S603  # our own program
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
