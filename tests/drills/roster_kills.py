"""Imports killed (-9) at random points: the district is as before or as after, never between, and the next import works at once."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.composition import Campus, open_campus
from app.models import District, Enrollment, Person, Relationship, School
from app.services.clerk import operator_of
from app.settings import load_settings
from tests.bench import district
from tests.bench.databases import Environment, production
from tests.drills.victims import FORKS
from tests.support.die_with_parent import die_with_parent

IMPORT_TIMEOUT_S = 30
SIZES = ((400, 640), (370, 600))
"""Students and guardians of the two packages, which take turns: people come, leave, return, and all have other names and schools.

So many other guardians, too, that an import must be told that this is meant."""

Rows = dict[str, Counter[tuple[Any, ...]]]
"""What of a district counts, by table, without ids and moments."""
Point = tuple[str, float]
"""A phase of the import, and the share of it that is done."""


@dataclass
class RosterKills:
    moments: list[str] = field(default_factory=list)
    """When each import was killed."""
    before: int = 0
    after: int = 0
    survived: int = 0
    """Imports that had ended before the kill."""
    violations: list[str] = field(default_factory=list)


def kill_imports(
    database_url: str,
    folder: Path,
    *,
    kills: int = 0,
    points: tuple[Point, ...] = (),
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> RosterKills:
    """Kills at each of the points, and then so many at random moments, over a migrated and empty database. Runs event loops of its own."""
    chance = random.Random(seed)  # noqa: S311  # chance that can be repeated
    drill = _Drill(production(database_url), _packages(folder))
    found = RosterKills()
    drill.expect()
    # A little longer than an import takes, so that some are met while they commit, and some just after.
    longest = 1.2 * max(drill.carry_out() for _ in range(2)) if kills else 0.0
    moments: list[Point | float] = [*points, *(chance.uniform(0, longest) for _ in range(kills))]
    for number, moment in enumerate(moments, start=1):
        say(f"import {number} of {len(moments)}")
        drill.kill(moment, found)
    return found


def _packages(folder: Path) -> list[Path]:
    return [
        district.write_roster(folder / f"roster{edition}", students=students, guardians=guardians, edition=edition)
        for edition, (students, guardians) in enumerate(SIZES)
    ]


class _Drill:
    """One district, and the packages that it should be like."""

    def __init__(self, environment: Environment, packages: list[Path]) -> None:
        self._environment = environment
        self._packages = packages
        self._wanted: list[Rows] = []
        self._turn = 0

    def expect(self) -> None:
        """Finds out in a calm district what each package comes to, and opens the district of the kills."""

        async def calmly(campus: Campus) -> None:
            await campus.district_office.add(district_id="calm", name="Calm", state="GA", timezone="America/New_York")
            await district.open_district(campus)
            for package in self._packages:
                await campus.roster_import.run(operator_of("calm"), package, allow_ending_percent=100)
                self._wanted.append(await _live_rows(campus, "calm"))

        self._in_campus(calmly)

    def carry_out(self) -> float:
        """The seconds of an import that nobody disturbs."""
        with self._importing(None) as (_, told):
            self._turn = 1 - self._turn
            return float(told.recv())

    def kill(self, moment: Point | float, found: RosterKills) -> None:
        """One import is killed after so many seconds, or kills itself at a point; then the same is imported again."""
        wanted = self._wanted[self._turn]
        before = self._in_campus(_live_rows)
        point = moment if isinstance(moment, tuple) else None
        with self._importing(point) as (process, _):
            process.join(IMPORT_TIMEOUT_S if isinstance(moment, tuple) else moment)
        after = self._in_campus(_live_rows)
        when = f"{point[0]} {point[1]:.0%}" if point else f"{moment:.3f} s"
        found.moments.append(when)
        found.survived += process.exitcode == 0
        found.before += after == before
        found.after += after == wanted
        if after not in (before, wanted) or (process.exitcode == 0 and after != wanted):
            found.violations.append(f"{when}: the district is neither as before nor as after")
        if self._in_campus(partial(_import_again, self._packages[self._turn])) != wanted:
            found.violations.append(f"{when}: the next import did not work")
        self._turn = 1 - self._turn

    @contextmanager
    def _importing(self, point: Point | None) -> Iterator[tuple[BaseProcess, Connection]]:
        """A process that has just begun to import, and will have been killed at the end of the block."""
        told, tells = FORKS.Pipe(duplex=False)
        package = self._packages[self._turn]
        process = FORKS.Process(target=_import, args=(self._environment, package, point, tells))
        process.start()
        tells.close()
        try:
            told.recv()
            yield process, told
        finally:
            process.kill()
            process.join()

    def _in_campus(self, action: Callable[[Campus], Any]) -> Any:
        async def opened() -> Any:
            async with open_campus(load_settings(self._environment)) as campus:
                return await action(campus)

        return asyncio.run(opened())


async def _import_again(package: Path, campus: Campus) -> Rows:
    async with asyncio.timeout(IMPORT_TIMEOUT_S):
        await campus.roster_import.run(operator_of(district.DISTRICT), package, allow_ending_percent=100)
    return await _live_rows(campus)


async def _live_rows(campus: Campus, district_id: str = district.DISTRICT) -> Rows:
    """In the district's turn, so that the transaction of a dead client has ended on the server, too."""
    async with campus.database.transaction() as session:
        await session.execute(select(District.id).where(District.id == district_id).with_for_update(key_share=True))
        return {
            name: Counter(tuple(row) for row in await session.execute(query))
            for name, query in _queries(district_id).items()
        }


def _queries(district_id: str) -> dict[str, Any]:
    guardian, student = aliased(Person), aliased(Person)
    people = select(Person.sourced_id, Person.name_words, Person.student_number, Person.birth_date, Person.email)
    places = select(Person.sourced_id, School.sourced_id, Enrollment.is_primary).select_from(Enrollment)
    pairs = select(guardian.sourced_id, student.sourced_id, Relationship.relation, Relationship.portal)
    return {
        "schools": select(School.sourced_id, School.name).where(
            School.district_id == district_id, School.ended_at.is_(None)
        ),
        "persons": people.where(Person.district_id == district_id, Person.ended_at.is_(None)),
        "enrollments": places.join(Person, Person.id == Enrollment.person_id)
        .join(School, School.id == Enrollment.school_id)
        .where(Person.district_id == district_id, Person.ended_at.is_(None)),
        "relationships": pairs.join(guardian, guardian.id == Relationship.guardian_id)
        .join(student, student.id == Relationship.student_id)
        .where(Relationship.district_id == district_id, Relationship.ended_at.is_(None)),
    }


def _import(environment: Environment, package: Path, point: Point | None, tells: Connection) -> None:
    """In a process of its own, which says when it begins and how many seconds it took, and kills itself when it comes to the point."""
    die_with_parent(os.getppid())
    os.environ.clear()
    os.environ.update({"PATH": os.defpath, **environment})

    def progress(phase: str, done: int, total: int) -> None:
        if point and phase == point[0] and done >= point[1] * total:
            os.kill(os.getpid(), signal.SIGKILL)

    async def imported() -> None:
        async with open_campus(load_settings()) as campus:
            tells.send("begun")
            begun = time.monotonic()
            await campus.roster_import.run(
                operator_of(district.DISTRICT), package, progress=progress, allow_ending_percent=100
            )
            tells.send(time.monotonic() - begun)

    asyncio.run(imported())
