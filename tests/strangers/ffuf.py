"""ffuf looks for what was left lying about: dirb's list of common names, and our own of what such services leave."""

import json
from pathlib import Path

from tests.strangers.programs import Missing, from_debian, output, version
from tests.strangers.report import Finding, Report
from tests.strangers.site import breakages, site

_OURS = Path(__file__).with_name("words.txt")
_COMMON = Path("/usr/share/dirb/wordlists/small.txt")
_OPTIONS = ("-e", ".json", "-mc", "all", "-fc", "404", "-t", "10", "-s")


def run(folder: Path) -> Report:
    program = from_debian("ffuf")
    from_debian("dirb")
    if not _COMMON.exists():
        raise Missing(f"{_COMMON} is missing, which Debian's dirb has.")
    with site(folder) as here:
        words, result = here.folder / "words", here.folder / "ffuf.json"
        words.write_text(_OURS.read_text(encoding="ascii") + _COMMON.read_text(encoding="ascii"), encoding="ascii")
        before = here.answers()
        said = output([program, "-u", f"{here.url}/FUZZ", "-w", str(words), "-o", str(result), *_OPTIONS])
        asked = here.answers() - before
        findings = _read(result) if result.exists() else [Finding("did not end", "", said[-500:])]
    what = "names of files and folders, each also with .json"
    return Report("ffuf", version(program, "-V"), what, asked.total(), findings + breakages(asked))


def _read(result: Path) -> list[Finding]:
    """Whatever is not answered with 404."""
    found = json.loads(result.read_text(encoding="utf-8"))["results"]
    return sorted(
        {Finding(str(each["status"]), f"/{each['input']['FUZZ']}", f"{each['length']} bytes") for each in found}
    )
