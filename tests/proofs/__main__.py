"""Takes each protection out, in a copy of the tree, and looks whether its tests notice. Exit code 1 if one does not."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.bench.progress import ProgressLine
from tests.proofs.families import FAMILIES, ROOT, every_test
from tests.proofs.removals import Removal, every_removal

LEFT_BEHIND = (".git", ".venv", "var", "node_modules", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache")
PATIENCE_S = 600
WIDTH_OF_A_LOG = 170
_FAILED = re.compile(r"^FAILED (\S+?)(?:\[(.*?)\])?(?: - .*)?$", re.MULTILINE)
CONSOLE = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)
PROGRESS = ProgressLine()


@dataclass(frozen=True)
class Outcome:
    noticed: Sequence[str]
    """The tests that failed, each with its parameters."""
    fault: str | None
    """Why this proves nothing."""
    seconds: float


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    options.add_argument("--only", nargs="*", choices=FAMILIES, default=(), help="families; all if left out")
    chosen = options.parse_args().only or FAMILIES
    removals = [removal for removal in every_removal() if removal.family in chosen]
    table = Table("", "what is taken out", "which tests notice", "s")
    faults = 0
    with TemporaryDirectory(prefix="campus-proofs-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        for place, removal in enumerate(removals, start=1):
            PROGRESS.say(f"{place} of {len(removals)}: {removal.family}, {removal.what}")
            outcome = prove(removal, tree)
            faults += outcome.fault is not None
            told = "\n".join([*map(_short, outcome.noticed), *([f"FAULT: {outcome.fault}"] if outcome.fault else [])])
            PROGRESS.say(f"{removal.family}: {outcome.fault or 'noticed'}")
            table.add_row(removal.family, removal.what, escape(told), f"{outcome.seconds:.0f}")
    PROGRESS.clear()
    CONSOLE.print(table)
    CONSOLE.print(
        f"{faults} of {len(removals)} prove nothing." if faults else f"{len(removals)} protections, and each is missed."
    )
    return 1 if faults else 0


def prove(removal: Removal, tree: Path) -> Outcome:
    """Applies it to the copy, runs its tests, and takes it back."""
    begun = time.monotonic()
    removal.apply(tree)
    try:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "--tb=no",
            "-rf",
            "-p",
            "no:cacheprovider",
            *removal.tests,
        ]
        run = subprocess.run(  # noqa: S603  # our own interpreter and tests
            command, cwd=tree, env=_environment(tree), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        printed = run.stdout
    except subprocess.TimeoutExpired:
        return Outcome([], f"no end after {PATIENCE_S} s", time.monotonic() - begun)
    finally:
        removal.take_back(tree)
    failed = [(found[1], found[2] or "") for found in _FAILED.finditer(printed)]
    fault = _fault(removal, failed) if run.returncode == 1 else f"pytest ended with {run.returncode}: {printed[-300:]}"
    return Outcome([f"{name}[{parameters}]" for name, parameters in failed], fault, time.monotonic() - begun)


def _fault(removal: Removal, failed: Sequence[tuple[str, str]]) -> str | None:
    """Every test that is named must notice, on every engine that it runs on, unless the removal says which one can."""
    tests = every_test()
    for named in removal.tests:
        engines = {removal.engine} if removal.engine else tests[named].engines or {""}
        for engine in engines:
            if not any(name == named and engine in parameters for name, parameters in failed):
                return f"not noticed by {named} {f'on {engine}' if engine else ''}"
    return None


def _short(node_id: str) -> str:
    return node_id.removeprefix("tests/").removesuffix("[]")


def _environment(tree: Path) -> dict[str, str]:
    """The copy comes before the checkout, whose package is installed; nothing that is compiled from an edited file may stay."""
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    sys.exit(main())
