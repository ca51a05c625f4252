"""One table of ratios, all from this run: what the product does against the best that this machine could do.

Everything is measured in rounds, each limit right beside what it limits, so that a disturbance meets both. It is no test: the exit code
is 0, met or not.
"""

import argparse
import os
import platform
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import district, growth, imports, mail, middleware, parity, processor, requests
from tests.bench.databases import Engine, Environment, both_engines
from tests.bench.figures import Figure, Series, print_figures
from tests.bench.peers import comparison
from tests.bench.peers.peer import Peer
from tests.bench.progress import ProgressLine
from tests.bench.served import Served, run
from tests.bench.server import Server, serve

ROUNDS = 3

_HELLO = ("tests.bench.hello:create_app", "/hello")
_CAMPUS = ("app.main:create_app", "/healthz")
_WITH_GUARD = {"a bare route": middleware.BARE, "the login screen": f"/districts/{district.DISTRICT}"}
_ASKED_BY_ANYBODY = {"wrong sign-ins": (parity.sign_in, 401), "reset requests": (parity.reset, 202)}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--only", nargs="+", choices=SECTIONS, default=[*SECTIONS], help="these sections alone")
    chosen = set(options.parse_args().only)
    machine = _machine()
    series = Series()
    progress = ProgressLine()
    with TemporaryDirectory(prefix="campus-bench-") as folder:
        progress.say("starting PostgreSQL")
        with both_engines(Path(folder)) as engines:
            names = [engine.name for engine in engines]
            measured: set[str] = set()
            try:
                measured.update(_measured(chosen, engines, Path(folder), series, progress))
            finally:
                # A section that fails takes nothing of those before it away.
                progress.clear()
                kinds = [kind for section, kinds in SECTIONS.items() if section in measured for kind in kinds]
                print_figures([figure for kind in kinds for name in names for figure in kind(series, name)], machine)


def _measured(
    chosen: AbstractSet[str], engines: Sequence[Engine], folder: Path, series: Series, progress: ProgressLine
) -> Iterator[str]:
    """Each section, when it is done."""
    if "memory" in chosen:
        imports.measure_memory(engines, folder, series, progress)
        yield "memory"
    peers = comparison.installed(folder, progress) if chosen & {"peers", "growth"} else []
    if "growth" in chosen:
        growth.measure(engines, peers, ROUNDS, series, progress)
        yield "growth"
    if chosen - {"memory", "growth"}:
        yield from _measured_in_a_district(chosen, engines, peers, folder, series, progress)


def _measured_in_a_district(
    chosen: AbstractSet[str],
    engines: Sequence[Engine],
    peers: Sequence[Peer],
    folder: Path,
    series: Series,
    progress: ProgressLine,
) -> Iterator[str]:
    """The same, of the sections that need one with accounts."""
    rounds = ROUNDS if "roster" in chosen else 1
    environments = imports.measure_speed(engines, district.write_roster(folder / "roster"), rounds, series, progress)
    if "roster" in chosen:
        yield "roster"
    for section, measure in _OF_APPLICATIONS.items():
        if section in chosen:
            measure(environments, series, progress)
            yield section
    if chosen & {*_OF_SERVERS, "peers"}:
        with _all_served(environments) as (hello, served):
            if "peers" in chosen:
                comparison.measure(peers, engines, hello, served, ROUNDS, series, progress)
                yield "peers"
            for section, ask in _OF_SERVERS.items():
                if section in chosen:
                    ask(hello, served, ROUNDS, series, progress)
                    yield section


def _measure_mail(environments: dict[str, Environment], series: Series, progress: ProgressLine) -> None:
    for turn in range(1, ROUNDS + 1):
        for engine, environment in environments.items():
            progress.say(f"mail, {engine}, {turn} of {ROUNDS}")
            kept, inserted = run(mail.kept_per_second(environment))
            left, sent = run(mail.left_per_second(environment))
            for name, value in (("kept", kept), ("inserted", inserted), ("left", left), ("sent", sent)):
                series.add(value, name, engine)


def _measure_guard(environments: dict[str, Environment], series: Series, progress: ProgressLine) -> None:
    for engine, environment in environments.items():
        for name, path in _WITH_GUARD.items():
            progress.say(f"the guard of {name}, {engine}")
            guarded, unguarded = run(middleware.microseconds(environment, path))
            series.add(guarded, name, engine)
            series.add(unguarded, f"{name} unguarded", engine)


def _measure_starts(environments: dict[str, Environment], series: Series, progress: ProgressLine) -> None:
    for turn in range(1, ROUNDS + 1):
        progress.say(f"start, {turn} of {ROUNDS}")
        with serve(*_HELLO) as hello:
            series.add(hello.seconds_to_first_answer, "bare start")
        for engine, environment in environments.items():
            with serve(*_CAMPUS, environment) as server:
                series.add(server.seconds_to_first_answer, "start", engine)


@contextmanager
def _all_served(environments: dict[str, Environment]) -> Iterator[tuple[Server, list[Served]]]:
    """The bare server and the product on each engine, idle until they are asked."""
    with ExitStack() as stack:
        hello = stack.enter_context(serve(*_HELLO))
        servers = {name: stack.enter_context(serve(*_CAMPUS, each)) for name, each in environments.items()}
        yield hello, [Served(name, server, district.sign_ins()) for name, server in servers.items()]


def _measure_parity(
    _hello: Server, served: Sequence[Served], _rounds: int, series: Series, progress: ProgressLine
) -> None:
    """Last, as it leaves wrong passwords behind."""
    for one in served:
        for name, (request, expected) in _ASKED_BY_ANYBODY.items():
            progress.say(f"{name}, known and unknown, {parity.SAMPLES} of each, {one.engine}")
            series.add(run(parity.area_under_curve(one.server, request, expected)), name, one.engine)


def _figures_of_mail(series: Series, engine: str) -> Iterator[Figure]:
    kept, inserted, left, sent = (series.median(name, engine) for name in ("kept", "inserted", "left", "sent"))
    yield Figure(f"reset requests kept, {engine}", "/s", kept, "bare inserts", inserted, 0.40)
    yield Figure(f"mails delivered, {engine}", "/s", left, "a bare SMTP loop", sent, 0.30)


def _figures_of_guard(series: Series, engine: str) -> Iterator[Figure]:
    for name in _WITH_GUARD:
        guarded, unguarded = series.median(name, engine), series.median(f"{name} unguarded", engine)
        yield Figure(f"{name} with the guard, {engine}", "us", guarded, "without it", unguarded, 1.1, at_most=True)


def _figures_of_parity(series: Series, engine: str) -> Iterator[Figure]:
    for name in _ASKED_BY_ANYBODY:
        area = series.median(name, engine)
        yield Figure(f"AUC of the time of {name}, {engine}", "", area, "who is known, for sure", 1, 0.55, at_most=True)


def _figures_of_starts(series: Series, engine: str) -> Iterator[Figure]:
    start, limit = series.median("start", engine), series.median("bare start")
    yield Figure(f"start to first answer, {engine}", "s", start, "FastAPI and SQLAlchemy", limit, 1.3, at_most=True)


def _machine() -> str:
    """Asked before anything is measured: what others do on the machine blurs every ratio."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}; load average before the run {load:.1f}"


_OF_APPLICATIONS = {"mail": _measure_mail, "guard": _measure_guard, "start": _measure_starts}
_OF_SERVERS = {
    "processor": processor.measure,
    "requests": requests.measure_requests,
    "search": requests.measure_searches,
    "parity": _measure_parity,
}
"""What is asked of running servers, in this order."""
SECTIONS = {
    "processor": (processor.figures,),
    "requests": (
        requests.figures_of_sign_ins,
        requests.figures_of_reads,
        requests.figures_of_links,
        requests.figures_of_storm,
        requests.figures_of_memory,
    ),
    "search": (requests.figures_of_searches,),
    "peers": (comparison.figures,),
    "growth": (growth.figures,),
    "roster": (imports.figures_of_speed,),
    "memory": (imports.figures_of_memory,),
    "mail": (_figures_of_mail,),
    "guard": (_figures_of_guard,),
    "parity": (_figures_of_parity,),
    "start": (_figures_of_starts,),
}
"""What can be measured alone, with its figures; each for both engines side by side."""


if __name__ == "__main__":
    main()
