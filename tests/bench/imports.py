"""Importing rosters: how fast, and with how much memory."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.composition import open_campus
from app.settings import load_settings
from tests.bench import directory, district, second_district
from tests.bench.bare_executemany import seconds_to_copy
from tests.bench.databases import UNHURRIED, Engine, Environment, production
from tests.bench.figures import Figure, Series
from tests.bench.progress import ProgressLine
from tests.bench.served import run

STUDENTS, GUARDIANS = 77_000, 123_000
"""Of the large district: 200,000 users."""
MEMORY_MB = 150


def measure_speed(
    engines: Sequence[Engine], package: Path, rounds: int, series: Series, progress: ProgressLine
) -> dict[str, Environment]:
    """For each engine the settings of a database that holds the roster, and accounts for the guardians."""
    environments = {}
    for turn in range(1, rounds + 1):
        for engine in engines:
            progress.say(f"roster import, {engine.name}, {turn} of {rounds}")
            environment = environments[engine.name] = production(engine.new_database()) | UNHURRIED
            seconds = run(_import(environment, package))
            rows, bare_seconds = run(seconds_to_copy(environment["CAMPUS_DATABASE_URL"], engine.new_database()))
            series.add(rows / seconds, "rows", engine.name)
            series.add(rows / bare_seconds, "bare rows", engine.name)
    for environment in environments.values():
        run(_give_accounts(environment))
        run(_fill_directory(environment, package.parent))
    return environments


def measure_memory(engines: Sequence[Engine], folder: Path, series: Series, progress: ProgressLine) -> None:
    """Of one process that imports a large roster three times: all new, all the same, all changed."""
    packages = [folder / "large", folder / "large-changed"]
    for edition, package in enumerate(packages):
        district.write_roster(package, students=STUDENTS, guardians=GUARDIANS, edition=edition)
    for engine in engines:
        progress.say(f"memory of a large roster import, {engine.name}")
        command = [sys.executable, "-m", "tests.bench.import_memory", *map(str, packages)]
        environment = {"PATH": os.defpath, **production(engine.new_database())}
        output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603  # our own program
        for name, megabytes in json.loads(output).items():
            series.add(megabytes, "memory of import", name, engine.name)


def figures_of_speed(series: Series, engine: str) -> Iterator[Figure]:
    measured, limit = series.median("rows", engine), series.median("bare rows", engine)
    yield Figure(f"roster rows, {engine}", "/s", measured, "executemany of the driver", limit, 0.40)


def figures_of_memory(series: Series, engine: str) -> Iterator[Figure]:
    for name in ("all new", "unchanged", "all changed"):
        measured = series.median("memory of import", name, engine)
        what = f"roster peak memory above idle, {STUDENTS + GUARDIANS:,} users {name}, {engine}"
        yield Figure(what, "MB", measured, "what we allow", MEMORY_MB, 1, at_most=True)


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
