"""What tools of strangers find. A table, what is accepted and why; exit code 1 if there is anything else."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench.progress import ProgressLine
from tests.strangers import ffuf, libraries, slowhttptest, source_code, sqlmap, wapiti
from tests.strangers.programs import Missing
from tests.strangers.report import Judged, Report, accepted_rows, judged

WIDTH_OF_A_LOG = 150
CONSOLE = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG, highlight=False)
PROGRESS = ProgressLine()
TOOLS: Mapping[str, Callable[[Path], Report]] = {
    "bandit": source_code.bandit,
    "detect-secrets": source_code.detect_secrets,
    "sqlmap": sqlmap.run,
    "ffuf": ffuf.run,
    "slowhttptest": slowhttptest.run,
    "wapiti": wapiti.run,
    "pip-audit": libraries.pip_audit,
}
ONLY_IF_NAMED = {"pip-audit"}
"""It asks a database on the internet, which may not be there."""


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.strangers", description=__doc__)
    usual = [name for name in TOOLS if name not in ONLY_IF_NAMED]
    options.add_argument("--only", nargs="+", default=usual, choices=TOOLS, help=f"if left out: {', '.join(usual)}")
    results, missing = [], []
    for name in options.parse_args().only:
        PROGRESS.say(name)
        try:
            with TemporaryDirectory(prefix="campus-strangers-") as folder:
                results.append(judged(TOOLS[name](Path(folder)), accepted_rows()))
        except Missing as why:
            missing.append(f"{name}: {why}")
    PROGRESS.clear()
    CONSOLE.print(_table(results))
    _explain(results)
    for reason in missing:
        CONSOLE.print(f"NOT RUN {reason}", markup=False)
    return 1 if missing or any(result.faults for result in results) else 0


def _table(results: Sequence[Judged]) -> Table:
    table = Table(title="Tools of strangers", title_justify="left")
    for column in ("tool", "version", "what it asked or read"):
        table.add_column(column)
    for column in ("requests", "found", "accepted", "faults"):
        table.add_column(column, justify="right")
    for result in results:
        report, accepted = result.report, sum(result.accepted.values())
        requests = "-" if report.requests is None else f"{report.requests:,}"
        counts = (len(report.findings), accepted, len(result.faults))
        table.add_row(report.tool, report.version, report.asked, requests, *map(str, counts))
    return table


def _explain(results: Sequence[Judged]) -> None:
    for result in results:
        for note in result.report.notes:
            CONSOLE.print(f"{result.report.tool}: {note}", markup=False)
        for row, count in result.accepted.items():
            CONSOLE.print(
                f"{result.report.tool}: accepted {count} x {row.kind} in {row.where}: {row.reason}", markup=False
            )
        for fault in result.faults:
            CONSOLE.print(f"{result.report.tool}: FAULT {fault}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
