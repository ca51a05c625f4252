"""What somebody in an office calls a person or a school: an id, or at a shell one of the names in the roster."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, NotFound, ValidationFailed
from app.models import Person, School
from app.services.clerk import Clerk
from app.translation import msg


async def person_named(session: AsyncSession, clerk: Clerk, named: UUID | str) -> UUID:
    """The person of the clerk's district with this id or, where it is text, this sourced id. Raises NotFound."""
    person_id = await session.scalar(
        select(Person.id).where(Person.district_id == clerk.district_id, _is_named(Person, named))
    )
    if person_id is None:
        raise NotFound
    return person_id


async def school_named(session: AsyncSession, clerk: Clerk, named: UUID | str) -> UUID:
    """The school of the clerk's district with this id or, where it is text, this sourced id, identifier or name.

    Raises:
        ValidationFailed: there is none, or there are several.
    """
    mine = (School.district_id == clerk.district_id, School.ended_at.is_(None))
    ids = set(await session.scalars(select(School.id).where(*mine, _is_named(School, named))))
    if len(ids) != 1:
        raise ValidationFailed([FieldError("/school_ids", "school_unknown", msg("There is no such school here."))])
    return ids.pop()


def _is_named(kind: type[Person] | type[School], named: UUID | str) -> Any:
    if isinstance(named, UUID):
        return kind.id == named
    texts = (kind.sourced_id,) if kind is Person else (School.sourced_id, School.identifier, School.name)
    try:
        return or_(*(text == named for text in texts), kind.id == UUID(named))
    except ValueError:
        return or_(*(text == named for text in texts))
