"""The audit trail as an admin reads it, and as it lies in the database."""

from typing import Any

from sqlalchemy import select

from app.models import AuditEvent
from tests.support.office import Office
from tests.support.portal import User

Event = dict[str, Any]


async def events(admin: User, **query: object) -> list[Event]:
    """Every event that the filters let through, newest first, page by page."""
    items: list[Event] = []
    cursor: str | None = None
    while True:
        page = await page_of(admin, **query, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return items


async def page_of(admin: User, **query: object) -> Event:
    answer = await admin.ask("GET", "/admin/audit-events", params=query)
    assert answer.status_code == 200, answer.text
    page: Event = answer.json()
    return page


async def tags(admin: User, **query: object) -> list[str]:
    """Oldest first."""
    return [event["tag"] for event in reversed(await events(admin, limit=100, **query))]


async def everything(office: Office) -> str:
    """All that a thief of the database would read in the trail."""
    async with office.campus.database.reading() as connection:
        rows = await connection.execute(select(*AuditEvent.__table__.columns))
        return repr([tuple(row) for row in rows])
