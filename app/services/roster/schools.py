"""Schools: what the roster says against what is stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import School
from app.services.roster.bulk import execute_many, stream, table_of
from app.services.roster.people import RosterSchool
from app.services.roster.progress import Meter

_SCHOOLS = table_of(School)


@dataclass
class SchoolChanges:
    ids: dict[str, UUID] = field(default_factory=dict)
    """Of every school in the roster, by its sourcedId."""
    created: list[RosterSchool] = field(default_factory=list)
    updated: list[RosterSchool] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)


async def compare_schools(
    connection: AsyncConnection, district_id: str, roster: Mapping[str, RosterSchool]
) -> SchoolChanges:
    changes = SchoolChanges()
    columns = _SCHOOLS.c
    query = select(
        columns.id,
        columns.sourced_id,
        columns.name,
        columns.identifier,
        columns.ended_at.is_not(None).label("has_ended"),
    )
    async for rows in stream(connection, query.where(columns.district_id == district_id)):
        for row in rows:
            school = roster.get(row.sourced_id)
            if school:
                changes.ids[school.sourced_id] = row.id
                if row.has_ended or (row.name, row.identifier) != (school.name, school.identifier):
                    changes.updated.append(school)
            elif not row.has_ended:
                changes.ended.append(row.id)
    changes.created = [school for school in roster.values() if school.sourced_id not in changes.ids]
    changes.ids.update((school.sourced_id, uuid4()) for school in changes.created)
    return changes


async def write_schools(
    connection: AsyncConnection, district_id: str, changes: SchoolChanges, now: datetime, meter: Meter
) -> None:
    ids = changes.ids
    await execute_many(
        connection,
        insert(_SCHOOLS).values(district_id=district_id, ended_at=None),
        ({"id": ids[school.sourced_id], **_details(school)} for school in changes.created),
        meter,
    )
