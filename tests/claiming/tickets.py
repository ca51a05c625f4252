"""What families write to the office, and what the office does with it."""

from typing import Any

import httpx
from sqlalchemy import select

from app.models import AuditEvent, OutboxMail, SupportTicket
from tests.support.office import Office
from tests.support.portal import Server, User

SENDER = "tanya.brown@mail.example.org"
HELP_DESK = "help@jackson.example.org"
WISH = {
    "district": "jackson",
    "category": "cannot_answer_challenge_questions",
    "first_name": "Jordan",
    "last_name": "Brown",
    "student_number": "0123456",
    "email": SENDER,
}


async def write(http: httpx.AsyncClient, **changes: object) -> httpx.Response:
    """A field that is changed to None is left out."""
    body = {name: value for name, value in {**WISH, **changes}.items() if value is not None}
    return await http.post("/support-tickets", json=body)


async def written(server: Server, **changes: object) -> str:
    """The reference of a ticket that has come."""
    answer = await write(server.http, **changes)
    assert answer.status_code == 202, answer.text
    assert list(answer.json()) == ["reference"]
    return str(answer.json()["reference"])


async def queue(clerk: User, **query: object) -> list[dict[str, Any]]:
    answer = await clerk.ask("GET", "/admin/support-tickets", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def ticket_id(clerk: User, reference: str) -> str:
    """As somebody finds it whom a family tells the reference on the phone."""
    (found,) = [ticket for ticket in await queue(clerk, limit=100) if ticket["reference"] == reference]
    return str(found["id"])


async def seen(clerk: User, ticket: str) -> dict[str, Any]:
    answer = await clerk.ask("GET", f"/admin/support-tickets/{ticket}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def resolve(clerk: User, ticket: str, remedy: str, **fields: object) -> httpx.Response:
    return await clerk.ask("POST", f"/admin/support-tickets/{ticket}/resolve", json={"remedy": remedy, **fields})


async def rows(server: Server, table: Any) -> list[Any]:
    async with server.campus.database.reading() as connection:
        return list(await connection.execute(select(*table.__table__.columns)))


async def left_behind(server: Server) -> str:
    """All that a ticket leaves outside its own row."""
    return repr([await rows(server, AuditEvent), await rows(server, OutboxMail)])


async def kept(server: Server) -> list[Any]:
    return await rows(server, SupportTicket)


async def trail(office: Office) -> list[tuple[str, str, dict[str, Any]]]:
    """Tag, actor and data of what was written down about tickets."""
    events = await rows(office.server, AuditEvent)
    return [(event.tag, event.actor, event.data) for event in events if ":ticket:" in event.tag]
