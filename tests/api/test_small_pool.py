"""One connection is enough for everybody: no request waits for a second one while it holds the first (D5)."""

import asyncio

from app.clock import ManualClock
from app.settings import Settings
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import User, serving


async def test_d5_twenty_families_at_once_over_one_connection(settings: Settings, clock: ManualClock) -> None:
    async with serving(settings.model_copy(update={"database_pool_size": 1}), clock) as server:
        office = await Office.open(server)
        await office.set("origins=https://portal.example.org")
        families = await office.parents(20)
        with quick_hashes(server):
            async with asyncio.timeout(30):
                assert await asyncio.gather(*(live_through_a_day(parent) for parent in families)) == [None] * 20


async def live_through_a_day(parent: User) -> None:
    """Every flow there is, refusals too."""
    headers = {"Idempotency-Key": parent.person_id.hex, "Origin": "https://portal.example.org"}
    assert (await parent.http.get("/districts", params={"q": "jackson"}, headers=headers)).status_code == 200
    assert (await parent.http.get("/districts/jackson")).status_code == 200
    assert (await parent.verify()).status_code == 200
    assert (await parent.activate(headers, password="short")).status_code == 422
    assert (await parent.activate(headers)).status_code == 201
    assert (await parent.activate(headers)).status_code == 201
    assert (await parent.activate()).status_code == 409
    assert (await parent.sign_in(password="wrong")).status_code == 401
    assert (await parent.sign_in(device={"device_token": parent.session["device_token"]})).status_code == 200
    twice = [parent.refresh(), parent.on_another_device().refresh(parent.session["refresh_token"])]
    assert {answer.status_code for answer in await asyncio.gather(*twice)} == {200}
    assert len(await parent.students()) == 1
    assert (await parent.ask("PATCH", "/me", json={"locale": "es"})).status_code == 200
    assert len(await parent.sessions()) == 3
    assert (await parent.sign_out()).status_code == 204
