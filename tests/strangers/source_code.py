"""bandit over what runs, detect-secrets over everything that is committed."""

import json
import re
import subprocess
from pathlib import Path

from tests.strangers.programs import ROOT, from_pypi, output, version
from tests.strangers.report import Finding, Report

_FOLDERS = ("app", "migrations", "examples")
# ruff's S rules are bandit's, by the same numbers; where one is silenced, the reason stands beside it (tests/test_house.py sees to that).
_SILENCED = re.compile(r"# noqa: [^#]*\bS(\d{3})\b.* # ")


def bandit(_folder: Path) -> Report:
    program = from_pypi("strangers", "bandit")
    said = output([program, "--quiet", "--recursive", "--format=json", *_FOLDERS])
    found = json.loads(said[said.index("{") :])["results"]
    findings, silenced = list[Finding](), 0
    for each in found:
        file, line = each["filename"], each["line_number"]
        text = _line(file, line)
        reason = _SILENCED.search(text)
        if reason and reason[1] == each["test_id"].removeprefix("B"):
            silenced += 1
        else:
            findings.append(Finding(each["test_id"], f"{file}:{line}", text))
    notes = [f"{silenced} more have ruff's noqa of the same number, with its reason"]
    return Report("bandit", version(program, "--version"), ", ".join(_FOLDERS), None, findings, notes)


def detect_secrets(_folder: Path) -> Report:
    program = from_pypi("strangers", "detect-secrets")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607  # git, wherever it is
    names = [name for name in files.stdout.split("\0") if name]
    said = output([program, "scan", *names])
    found = json.loads(said[said.index("{") :])["results"]
    findings = [
        Finding(each["type"], f"{file}:{each['line_number']}", _line(file, each["line_number"]))
        for file, all_of_file in found.items()
        for each in all_of_file
    ]
    return Report("detect-secrets", version(program, "--version"), f"{len(names):,} committed files", None, findings)


def _line(file: str, number: int) -> str:
    return (ROOT / file).read_text(encoding="utf-8").splitlines()[number - 1].strip()
