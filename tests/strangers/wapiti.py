"""Wapiti over every operation of the specification and the pages, as an administrator of a district."""

import json
from pathlib import Path

from tests.strangers.programs import from_pypi, output, version
from tests.strangers.report import Finding, Report
from tests.strangers.site import breakages, site

# Those that need no machine of Wapiti's makers (ssrf and log4shell do), and nothing that is not here (PHP, WordPress, a shell).
_MODULES = "csp,cookieflags,http_headers,methods,csrf,redirect,crlf,xxe,sql,xss,permanentxss,file"
# These end the session in which it works, rightly; and Wapiti 3.2.3 fails over a body that is no JSON (the zip of a roster).
_LEFT_OUT = ("/login/logout", "/me/password", "/me/totp", "/me/recovery-email", "/me/step-up", "/openapi.json")
_LEFT_OUT_WITH_QUERY = "/admin/rosters?dry_run=*"
_OPTIONS = (
    "--scope=folder",
    "--tasks=4",
    "--skip=limit",
    "--max-links-per-page=20",
    "--no-bugreport",
    "--flush-session",
)
_LEAST = 5_000
"""It has lost its way where it asks less often."""
_UNKNOWN = "unmatched"


def run(folder: Path) -> Report:
    program = from_pypi("wapiti", "wapiti")
    with site(folder) as here:
        token = here.of_the_office()
        before = here.answers()
        result = here.folder / "wapiti.json"
        words = ["-u", f"{here.url}/", "--swagger", f"{here.url}/openapi.json", "-m", _MODULES, *_OPTIONS]
        for place in (*_LEFT_OUT, _LEFT_OUT_WITH_QUERY):
            words += ["-x", f"{here.url}{place}"]
        words += ["--store-session", str(here.folder), "--store-config", str(here.folder)]
        words += ["-H", f"Authorization: Bearer {token}", "-f", "json", "-o", str(result)]
        said = output([program, *words])
        asked = here.answers() - before
        findings = _read(result) if result.exists() else [Finding("did not end", "", said[-500:])]
    requests = asked.total()
    inside = sum(count for (_, _, status), count in asked.items() if status != 401)
    routes = len({route for _, route, _ in asked} - {_UNKNOWN})
    if requests < _LEAST or inside < requests / 2:
        findings.append(Finding("lost its way", "", f"{requests} requests, {inside} of them not refused with 401"))
    notes = [f"{routes} routes; {requests - inside} answers of 401"]
    what = f"all operations, modules {_MODULES.replace(',', ', ')}"
    return Report("wapiti", version(program, "--version"), what, requests, findings + breakages(asked), notes)


def _read(result: Path) -> list[Finding]:
    found = json.loads(result.read_text(encoding="utf-8"))
    return [
        Finding(kind, f"{each['method']} {each['path']}", each["info"])
        for part in ("vulnerabilities", "anomalies")
        for kind, all_of_kind in found[part].items()
        for each in all_of_kind
    ]
