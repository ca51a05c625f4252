"""One table of ratios, all from this run: what the product does against the best that this machine could do.

Everything is measured in rounds, each limit right beside what it limits, so that a disturbance meets both. It is no test: the exit code
is 0, met or not.
"""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.composition import open_campus
from app.settings import load_settings
from tests.bench import bare_argon2, directory, district, mail, middleware, parity, second_district
from tests.bench.bare_executemany import seconds_to_copy
from tests.bench.databases import UNHURRIED, Engine, Environment, both_engines, production
from tests.bench.figures import Figure, Series, print_figures
from tests.bench.http_client import get
from tests.bench.progress import ProgressLine
from tests.bench.served import Served, answers_per_second, run
from tests.bench.server import Server, serve

ROUNDS = 3
BARE_S = 1.5
MEMORY_MB = 120

_HELLO = ("tests.bench.hello:create_app", "/hello")
_CAMPUS = ("app.main:create_app", "/healthz")
_WITH_GUARD = {"a bare route": middleware.BARE, "the login screen": f"/districts/{district.DISTRICT}"}
_ASKED_BY_ANYBODY = {"wrong sign-ins": (parity.sign_in, 401), "reset requests": (parity.reset, 202)}


def main() -> None:
    machine = _machine()
    series = Series()
    progress = ProgressLine()
    with TemporaryDirectory(prefix="campus-bench-") as folder:
        progress.say("starting PostgreSQL")
        with both_engines(Path(folder)) as engines:
            names = [engine.name for engine in engines]
            environments = _measure_imports(engines, district.write_roster(Path(folder) / "roster"), series, progress)
            _measure_mail(environments, series, progress)
            _measure_guard(environments, series, progress)
            _measure_starts(environments, series, progress)
            with _all_served(environments) as (hello, served):
                _measure_requests(hello, served, series, progress)
                _measure_parity(served, series, progress)
    progress.clear()
    print_figures(list(_figures(series, names)), machine)


def _measure_imports(
    engines: Sequence[Engine], package: Path, series: Series, progress: ProgressLine
) -> dict[str, Environment]:
    """For each engine the settings of a database that holds the roster, and accounts for the guardians."""
    environments = {}
    for turn in range(1, ROUNDS + 1):
        for engine in engines:
            progress.say(f"roster import, {engine.name}, {turn} of {ROUNDS}")
            environment = environments[engine.name] = production(engine.new_database()) | UNHURRIED
            seconds = run(_import(environment, package))
            rows, bare_seconds = run(seconds_to_copy(environment["CAMPUS_DATABASE_URL"], engine.new_database()))
            series.add(rows / seconds, "rows", engine.name)
            series.add(rows / bare_seconds, "bare rows", engine.name)
    for environment in environments.values():
        run(_give_accounts(environment))
        run(_fill_directory(environment, package.parent))
    return environments


async def _import(environment: Environment, package: Path) -> float:
    async with open_campus(load_settings(environment)) as campus:
        await district.open_district(campus)
        return await district.seconds_to_import(campus, package)


async def _give_accounts(environment: Environment) -> None:
    async with open_campus(load_settings(environment)) as campus:
        await district.give_accounts(campus)
        await second_district.link_families(campus)


async def _fill_directory(environment: Environment, folder: Path) -> None:
    async with open_campus(load_settings(environment)) as campus:
        await directory.fill(campus, directory.write_directory(folder))


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


def _measure_requests(hello: Server, served: Sequence[Served], series: Series, progress: ProgressLine) -> None:
    for turn in range(1, ROUNDS + 1):
        progress.say(f"bare Argon2, {turn} of {ROUNDS}")
        series.add(bare_argon2.pynacl_per_second(BARE_S), "PyNaCl")
        series.add(bare_argon2.argon2_cffi_per_second(BARE_S), "argon2-cffi")
        for one in served:
            progress.say(f"sign-ins, {one.engine}, {turn} of {ROUNDS}")
            series.add(one.sign_ins_per_second(), "sign-ins", one.engine)
        progress.say(f"GET /me, {turn} of {ROUNDS}")
        series.add(answers_per_second(hello, [get("/hello")], BARE_S), "hello")
        for one in served:
            series.add(one.reads_per_second(), "reads", one.engine)
        for one in served:
            progress.say(f"district searches, {one.engine}, {turn} of {ROUNDS}")
            series.add(answers_per_second(one.server, directory.searches(), BARE_S), "searches", one.engine)
        for one in served:
            progress.say(f"linked accounts, {one.engine}, {turn} of {ROUNDS}")
            series.add(one.all_children_per_second(), "all children", one.engine)
            series.add(one.switches_per_second(), "switches", one.engine)
        for one in served:
            progress.say(f"GET /me while others sign in, {one.engine}, {turn} of {ROUNDS}")
            series.add_all(one.read_latencies(in_storm=False), "quiet", one.engine)
            series.add_all(one.read_latencies(in_storm=True), "storm", one.engine)
    for one in served:
        series.add(one.server.resident_megabytes(), "memory", one.engine)


def _measure_parity(served: Sequence[Served], series: Series, progress: ProgressLine) -> None:
    """Last, as it leaves wrong passwords behind."""
    for one in served:
        for name, (request, expected) in _ASKED_BY_ANYBODY.items():
            progress.say(f"{name}, known and unknown, {parity.SAMPLES} of each, {one.engine}")
            series.add(run(parity.area_under_curve(one.server, request, expected)), name, one.engine)


def _figures(series: Series, engines: Sequence[str]) -> Iterator[Figure]:
    """One kind after the other, each for both engines side by side."""
    for of_kind in (
        _figures_of_sign_ins,
        _figures_of_reads,
        _figures_of_searches,
        _figures_of_links,
        _figures_of_storm,
        _figures_of_roster,
        _figures_of_mail,
        _figures_of_guard,
        _figures_of_process,
    ):
        for engine in engines:
            yield from of_kind(series, engine)


def _figures_of_sign_ins(series: Series, engine: str) -> Iterator[Figure]:
    measured = series.median("sign-ins", engine)
    yield Figure(f"sign-ins, {engine}", "/s", measured, "PyNaCl on all cores", series.median("PyNaCl"), 0.65)
    yield Figure("", "/s", measured, "argon2-cffi on all cores", series.median("argon2-cffi"), 1.4)


def _figures_of_reads(series: Series, engine: str) -> Iterator[Figure]:
    yield Figure(
        f"GET /me, {engine}", "/s", series.median("reads", engine), "bare FastAPI", series.median("hello"), 0.15
    )


def _figures_of_searches(series: Series, engine: str) -> Iterator[Figure]:
    searches, hello = series.median("searches", engine), series.median("hello")
    yield Figure(f"district searches, {engine}", "/s", searches, "bare FastAPI", hello, 0.20)


def _figures_of_storm(series: Series, engine: str) -> Iterator[Figure]:
    quiet, storm = (1_000 * series.p99(name, engine) for name in ("quiet", "storm"))
    yield Figure(f"p99 of GET /me in a storm, {engine}", "ms", storm, "without the storm", quiet, 5, at_most=True)


def _figures_of_roster(series: Series, engine: str) -> Iterator[Figure]:
    measured, limit = series.median("rows", engine), series.median("bare rows", engine)
    yield Figure(f"roster rows, {engine}", "/s", measured, "executemany of the driver", limit, 0.40)


def _figures_of_mail(series: Series, engine: str) -> Iterator[Figure]:
    kept, inserted, left, sent = (series.median(name, engine) for name in ("kept", "inserted", "left", "sent"))
    yield Figure(f"reset requests kept, {engine}", "/s", kept, "bare inserts", inserted, 0.40)
    yield Figure(f"mails delivered, {engine}", "/s", left, "a bare SMTP loop", sent, 0.30)


def _figures_of_process(series: Series, engine: str) -> Iterator[Figure]:
    start, limit, memory = series.median("start", engine), series.median("bare start"), series.median("memory", engine)
    yield Figure(f"start to first answer, {engine}", "s", start, "FastAPI and SQLAlchemy", limit, 1.3, at_most=True)
    yield Figure(f"memory after all this, {engine}", "MB", memory, "what we allow", MEMORY_MB, 1, at_most=True)


def _figures_of_links(series: Series, engine: str) -> Iterator[Figure]:
    reads = series.median("reads", engine)
    for name, target in (("all children", 0.4), ("switches", 0.1)):
        yield Figure(f"{name} of two districts, {engine}", "/s", series.median(name, engine), "GET /me", reads, target)


def _figures_of_guard(series: Series, engine: str) -> Iterator[Figure]:
    for name in _WITH_GUARD:
        guarded, unguarded = series.median(name, engine), series.median(f"{name} unguarded", engine)
        yield Figure(f"{name} with the guard, {engine}", "us", guarded, "without it", unguarded, 1.1, at_most=True)
    for name in _ASKED_BY_ANYBODY:
        area = series.median(name, engine)
        yield Figure(f"AUC of the time of {name}, {engine}", "", area, "who is known, for sure", 1, 0.55, at_most=True)


def _machine() -> str:
    """Asked before anything is measured: what others do on the machine blurs every ratio."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}; load average before the run {load:.1f}"


if __name__ == "__main__":
    main()
