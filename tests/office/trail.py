"""The audit trail as an admin reads it, and as it lies in the database."""

from typing import Any

from sqlalchemy import or_, select

from app.models import AuditEvent
from tests.office.counter import every
from tests.support.office import Office
from tests.support.portal import User

Event = dict[str, Any]


async def events(admin: User, **query: object) -> list[Event]:
    """Every event that the filters let through, newest first, page by page."""
    return await every(admin, "/admin/audit-events", **query)


async def page_of(admin: User, **query: object) -> Event:
    answer = await admin.ask("GET", "/admin/audit-events", params=query)
    assert answer.status_code == 200, answer.text
    page: Event = answer.json()
    return page


async def tags(admin: User, **query: object) -> list[str]:
    """Oldest first."""
    return [event["tag"] for event in reversed(await events(admin, limit=100, **query))]


async def written(office: Office, *tags: str) -> list[Any]:
    """Rows whose tags begin like one of these, oldest first."""
    query = select(*AuditEvent.__table__.columns).where(or_(*(AuditEvent.tag.startswith(tag) for tag in tags)))
    async with office.campus.database.reading() as connection:
        return list((await connection.execute(query.order_by(AuditEvent.id))).all())


async def acts(office: Office, *subjects: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Tag, actor and data of what the office changed of these subjects, oldest first; not that somebody looked."""
    found = await written(office, *(f"office:{subject}:" for subject in subjects))
    return [(event.tag, event.actor, event.data) for event in found if not event.tag.endswith(":viewed")]


async def everything(office: Office) -> str:
    """All that a thief of the database would read in the trail."""
    async with office.campus.database.reading() as connection:
        rows = await connection.execute(select(*AuditEvent.__table__.columns))
        return repr([tuple(row) for row in rows])
