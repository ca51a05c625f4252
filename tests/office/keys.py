"""Activation keys as a clerk orders them, and the families for whom he does."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, select, update

from app.models import ActivationKey, Person
from app.services.office.key_facts import KeyState
from tests.office.counter import every
from tests.support.office import Office
from tests.support.portal import User

KEYS = "/admin/activation-keys"
BATCHES = f"{KEYS}/batches"
LETTERS = f"{KEYS}/letters"


async def order(clerk: User, person: UUID, channel: str = "in_person", **changes: object) -> httpx.Response:
    body = {"person_id": str(person), "channel": channel, **changes}
    if channel == "in_person":
        body = {"photo_id_checked": True, **body}
    return await clerk.ask("POST", KEYS, json=body)


async def shown_key(clerk: User, person: UUID) -> str:
    """The key on the clerk's screen."""
    answer = await order(clerk, person)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["activation_key"])


async def batch(
    clerk: User, path: str = BATCHES, *, repeat_as: str | None = None, accept: str | None = None, **body: object
) -> httpx.Response:
    """Orders a batch, of letters unless `body` says otherwise; `repeat_as` is its `Idempotency-Key`."""
    headers = {
        "Authorization": f"Bearer {clerk.session['access_token']}",
        **({"Idempotency-Key": repeat_as} if repeat_as else {}),
        **({"Accept": accept} if accept else {}),
    }
    default = {} if path == LETTERS else {"channel": "letter"}
    return await clerk.http.post(path, json={**default, **body}, headers=headers)


async def keys_of(clerk: User, **query: object) -> list[dict[str, Any]]:
    """All that the clerk sees, page by page."""
    return await every(clerk, KEYS, **query)


async def states(clerk: User, person: UUID) -> list[str]:
    """Of a person's keys, in the order of the alphabet."""
    return sorted(key["state"] for key in await keys_of(clerk, person_id=str(person)))


async def live(office: Office, person: UUID) -> int:
    """How many keys of the person's open something, whatever the desk says."""
    query = select(ActivationKey.id).where(
        ActivationKey.person_id == person, ActivationKey.used_at.is_(None), ActivationKey.revoked_at.is_(None)
    )
    async with office.campus.database.reading() as connection:
        return len((await connection.execute(query)).all())


async def give_address(office: Office, address: str | None, *people: UUID) -> None:
    """What the roster says."""
    async with office.campus.database.transaction() as session:
        await session.execute(update(Person).where(Person.id.in_(people)).values(email=address))


async def families(office: Office, count: int) -> list[UUID]:
    """Guardians without a key, each with a child."""
    children = [await office.student(f"Child Nr{number}") for number in range(count)]
    return [await office.guardian(f"Parent Nr{number}", [child]) for number, child in enumerate(children)]


async def many_students(office: Office, count: int) -> None:
    """In one statement."""
    names = {"first_name": "Kim", "is_student": True, "first_seen_at": office.campus.clock.now()}
    rows = [
        {"district_id": office.district, "sourced_id": f"many-{n}", "last_name": f"Many {n:04}", **names}
        for n in range(count)
    ]
    async with office.campus.database.transaction() as session:
        await session.execute(insert(Person), rows)


ALL_STATES = [state.value for state in KeyState]
