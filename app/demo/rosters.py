"""The rosters of a demo district, as they come one after the other: newcomers are not in the first one."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from app.composition import Campus
from app.demo.blueprint import Child, DemoDistrict, Family
from app.demo.roster_files import write_roster
from app.models import Person
from app.services.clerk import operator_of


async def import_rosters(campus: Campus, district: DemoDistrict) -> None:
    """Where the people are there already, nothing changes."""
    newcomers = [child for family in district.families for child in family.children if child.hours_ago is not None]
    is_first = not await _has_people(campus, district)
    if is_first and newcomers:
        await _import(campus, replace(district, families=_without(district.families, newcomers)))
    await _import(campus, district)
    if is_first:
        for child in newcomers:
            await _enter_earlier(campus, district, child)


async def _has_people(campus: Campus, district: DemoDistrict) -> bool:
    of_roster = (Person.district_id == district.id, Person.by_office.is_(False))
    async with campus.database.reading() as connection:
        return (await connection.execute(select(Person.id).where(*of_roster).limit(1))).first() is not None


def _without(families: Sequence[Family], newcomers: Sequence[Child]) -> list[Family]:
    return [family for family in families if not any(child in newcomers for child in family.children)]


async def _import(campus: Campus, district: DemoDistrict) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_roster(district, Path(folder))
        await campus.roster_import.run(operator_of(district.id), Path(folder), allow_ending_percent=100)


async def _enter_earlier(campus: Campus, district: DemoDistrict, child: Child) -> None:
    """As if the second roster had come so many hours ago."""
    moment = campus.clock.now() - timedelta(hours=child.hours_ago or 0)
    this = (Person.district_id == district.id, Person.student_number == child.number)
    async with campus.database.transaction() as session:
        await session.execute(update(Person).where(*this).values(first_seen_at=moment))
