"""pip-audit: known weaknesses of what runs, by name and version."""

import json
from pathlib import Path

from tests.strangers.programs import Missing, from_pypi, output, version
from tests.strangers.report import Finding, Report

_LOCKS = ("run", "pdf", "telemetry")
_SOURCE = ("--vulnerability-service=osv", "--timeout=20")


def pip_audit(_folder: Path, source: tuple[str, ...] = _SOURCE) -> Report:
    """Names and versions of our libraries go to the database of osv.dev, and nothing else.

    Raises:
        Missing: it cannot be asked from here.
    """
    program = from_pypi("strangers", "pip-audit")
    locks = [f"--requirement=requirements/{lock}.lock" for lock in _LOCKS]
    said = output(
        [program, *locks, *source, "--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    )
    if not said.startswith("{"):
        raise Missing(f"known weaknesses were not looked up: {said.strip().splitlines()[-1][:200]}")
    document, _ = json.JSONDecoder().raw_decode(said)
    findings = [
        Finding(weakness["id"], f"{each['name']} {each['version']}", f"mended in {', '.join(weakness['fix_versions'])}")
        for each in document["dependencies"]
        for weakness in each["vulns"]
    ]
    return Report(
        "pip-audit", version(program, "--version"), f"{len(document['dependencies'])} libraries", None, findings
    )
