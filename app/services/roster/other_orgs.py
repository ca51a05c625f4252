"""The table of orgs that are no schools: their sourcedIds, so that a later row may point to them."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models import OtherOrg
from app.services.roster.bulk import table_of
from app.services.roster.progress import Meter

_TABLE = table_of(OtherOrg)


class OtherOrgChanges(NamedTuple):
    missing: AbstractSet[str]
    stale: AbstractSet[str]


async def stored_other_orgs(connection: AsyncConnection, district_id: str) -> set[str]:
    query = select(_TABLE.c.sourced_id).where(_TABLE.c.district_id == district_id)
    return set((await connection.scalars(query)).all())


async def compare_other_orgs(
    connection: AsyncConnection, district_id: str, wanted: AbstractSet[str]
) -> OtherOrgChanges:
    stored = await stored_other_orgs(connection, district_id)
    return OtherOrgChanges(missing=wanted - stored, stale=stored - wanted)


async def write_other_orgs(
    connection: AsyncConnection, district_id: str, changes: OtherOrgChanges, meter: Meter
) -> None:
    for sourced_id in sorted(changes.stale):
        this_one = (_TABLE.c.district_id == district_id, _TABLE.c.sourced_id == sourced_id)
        await connection.execute(delete(_TABLE).where(*this_one))
    rows = [{"district_id": district_id, "sourced_id": sourced_id} for sourced_id in sorted(changes.missing)]
    if rows:
        await connection.execute(insert(_TABLE), rows)
    meter.add(len(changes.stale) + len(rows))
