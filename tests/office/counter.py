"""What people of the office do at their screens with accounts, people and families."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from app.models import Account, AuditEvent, Person, Relationship
from tests.support.office import Office
from tests.support.portal import User

GONE = (404, "not_found")
FORBIDDEN = (403, "forbidden")
ENDED = (401, "invalid_token")


async def found(clerk: User, q: str | None = None, **query: object) -> dict[str, Any]:
    """The page of accounts that the search shows."""
    answer = await clerk.ask("GET", "/admin/accounts", params={**({"q": q} if q is not None else {}), **query})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def usernames(clerk: User, q: str | None = None, **query: object) -> list[str]:
    return [item["username"] for item in (await found(clerk, q, **query))["items"]]


async def without_account(clerk: User, q: str, **query: object) -> dict[tuple[str, str], str]:
    """First name and portal of those who have none, with the reason."""
    items = (await found(clerk, q, **query))["without_account"]
    return {(item["person"]["first_name"], item["portal"]): item["reason"] for item in items}


async def seen(clerk: User, user: User) -> dict[str, Any]:
    """What the office sees of somebody's account."""
    answer = await clerk.ask("GET", f"/admin/accounts/{account_of(user)}")
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()
    return item


async def does(clerk: User, what: str, user: User, **body: object) -> httpx.Response:
    """`unlock`, `disable`, `enable`, or `reset` with its body."""
    return await clerk.ask("POST", f"/admin/accounts/{account_of(user)}/{what}", **({"json": body} if body else {}))


async def set_portal(clerk: User, relationship: str, *, portal: bool) -> httpx.Response:
    return await clerk.ask("PATCH", f"/admin/relationships/{relationship}", json={"portal": portal})


def account_of(user: User) -> str:
    return str(user.session["account"]["id"])


def actor(clerk: User) -> str:
    """As the trail names whoever did something."""
    return f"account:{account_of(clerk)}"


async def every(clerk: User, path: str, **query: object) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next_cursor": None}
    while "next_cursor" in page:
        after = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        answer = await clerk.ask("GET", path, params={**query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
    return found


async def snapshot(office: Office) -> list[object]:
    """Every row that the office could change here, to show that nothing did."""
    tables = (Account.__table__, Relationship.__table__, Person.__table__)
    async with office.campus.database.reading() as connection:
        rows = [(await connection.execute(select(table))).all() for table in tables]
        events = await connection.execute(select(AuditEvent.id).where(AuditEvent.tag.startswith("office:")))
        return [sorted(map(repr, table)) for table in rows] + [len(events.all())]


async def relationship_of(office: Office, guardian: UUID, student: UUID) -> str:
    query = select(Relationship.id).where(Relationship.guardian_id == guardian, Relationship.student_id == student)
    async with office.campus.database.reading() as connection:
        return str((await connection.execute(query)).scalar_one())
