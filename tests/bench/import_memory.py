"""A process that imports a package, the same again, and another one; prints how far its memory rose above what it was before, in MB."""

import asyncio
import json
import sys
from pathlib import Path

from app.composition import Campus, open_campus
from app.services.clerk import operator_of
from app.settings import load_settings
from tests.bench import district

_PROCESS = Path("/proc/self")
_FORGET_THE_PEAK = "5"


async def main() -> None:
    first, changed = map(Path, sys.argv[1:])
    async with open_campus(load_settings()) as campus:
        await district.open_district(campus)
        idle = _megabytes("VmRSS")
        imports = {"all new": first, "unchanged": first, "all changed": changed}
        json.dump({name: await _peak(campus, package) - idle for name, package in imports.items()}, sys.stdout)


async def _peak(campus: Campus, package: Path) -> float:
    """What the process held at the most while it imported."""
    (_PROCESS / "clear_refs").write_text(_FORGET_THE_PEAK, encoding="ascii")
    report = await campus.roster_import.run(operator_of(district.DISTRICT), package)
    if report.errors:
        raise RuntimeError(f"the roster was not taken: {report}")
    return _megabytes("VmHWM")


def _megabytes(name: str) -> float:
    lines = (_PROCESS / "status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    asyncio.run(main())
