"""A thousand pupils behind one address of their school: twenty times as much, for requests that name its district."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Address
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.database.engines import short_share
from app.models import WindowCount
from app.services.setting_paths import SettingRefused
from app.services.shared_networks import SharedNetworks
from app.settings import Settings
from tests.guard.crowd import LOGIN_SCREEN, Standing, at, is_limited, limiting
from tests.support.engines import postgresql_only, sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.severable import line_to

RATE, FACTOR = 2, 20
FREE_REQUESTS, FREE_MISSES = 20, 30
"""Within ten minutes, before an address has to solve a CAPTCHA."""
NETWORKS = "networks.shared=192.0.2.0/24,2001:db8:5c00::/40"
PUPIL, OTHER_PUPIL, STRANGER = "192.0.2.17", "192.0.2.18", "198.51.100.7"
NOTICED_AFTER_S = 0.11
"""Who is about to be refused asks at most ten times a second."""
CAPTCHA = (403, "captcha_required")


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """Jackson has registered its schools' networks, Clarke has none."""
    async with limiting(settings, rate_public=RATE, rate_login=RATE, rate_recovery=RATE) as server:
        await Office(server, "jackson").set(NETWORKS)
        await Office.open(server, "clarke", "Clarke County Schools")
        yield server


WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", LOGIN_SCREEN, {}),
    ("GET", "/captcha?district=jackson&action=login", {}),
    ("POST", "/login", {"json": {"district": "jackson"}}),
]
"""How requests name their district."""


@sqlite_only
async def test_a_school_has_twenty_times_as_much(server: Server) -> None:
    """In its IPv4 network, however that is written, and its IPv6 network."""
    spellings = ["192.0.2.1{n}", "::ffff:192.0.2.2{n}", "2001:DB8:5c01:{n}::17"]
    for number, (method, path, options) in enumerate(WAYS):
        for spelling in spellings:
            pupil = at(server, spelling.format(n=number))
            answers = [await pupil.request(method, path, **options) for _ in range(RATE * FACTOR + 2)]
            assert [is_limited(answer) for answer in answers] == [False] * RATE * FACTOR + [True] * 2, spelling
            assert {Standing.of(answer).quota for answer in answers} == {RATE * FACTOR}


NOT_THE_SCHOOL: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "from outside": ("198.51.100.{n}", "GET", LOGIN_SCREEN, {}),
    "from next door": ("192.0.3.{n}", "GET", LOGIN_SCREEN, {}),
    "for another district": ("192.0.2.{n}", "GET", "/districts/clarke", {}),
    "for a district that is not there": ("192.0.2.{n}", "GET", "/districts/nowhere", {}),
    "for no district": ("192.0.2.{n}", "GET", "/districts", {}),
    "with the name in other letters": ("192.0.2.{n}", "GET", "/districts/Jackson", {}),
    "with the district in the query and another in the body": (
        "192.0.2.{n}", "POST", "/login?district=jackson", {"json": {"district": "clarke"}},
    ),
    "with the district in the query and none in the body": ("192.0.2.{n}", "POST", "/login?district=jackson", {"json": {}}),
    "with another body": ("192.0.2.{n}", "POST", "/login", {"content": b"district=jackson", "headers": {"Content-Type": "text/plain"}}),
    "with a header that nobody asked for": ("198.51.100.{n}", "GET", LOGIN_SCREEN, {"headers": {"X-Forwarded-For": PUPIL}}),
}  # fmt: skip


@sqlite_only
async def test_nobody_else_has_more_than_anybody(server: Server) -> None:
    for number, (what, (address, method, path, options)) in enumerate(NOT_THE_SCHOOL.items()):
        visitor = at(server, address.format(n=number))
        answers = [await visitor.request(method, path, **options) for _ in range(RATE + 1)]
        assert [is_limited(answer) for answer in answers] == [False] * RATE + [True], what
        assert {Standing.of(answer).quota for answer in answers} == {RATE}, what


@sqlite_only
async def test_what_a_school_asks_for_others_does_not_use_up_its_own(server: Server) -> None:
    """And each address of it has a budget of its own."""
    for address in (PUPIL, OTHER_PUPIL):
        pupil = at(server, address)
        others = [await pupil.get("/districts/clarke") for _ in range(RATE + 1)]
        own = [await pupil.get(LOGIN_SCREEN) for _ in range(RATE * FACTOR)]
        assert [is_limited(answer) for answer in others] == [False] * RATE + [True]
        assert not any(map(is_limited, own))


@sqlite_only
async def test_two_districts_may_share_a_building(server: Server) -> None:
    await Office(server, "clarke").set("networks.shared=192.0.2.0/25")
    quotas = [await quota_of(server, PUPIL, f"/districts/{district}") for district in ("jackson", "clarke")]
    assert quotas == [RATE * FACTOR] * 2
    assert await quota_of(server, "192.0.2.200", "/districts/clarke") == RATE


@sqlite_only
async def test_a_new_network_holds_at_the_next_request_that_would_be_refused(server: Server) -> None:
    """And a network that is gone, within a second."""
    school = at(server, STRANGER)
    assert [is_limited(await school.get(LOGIN_SCREEN)) for _ in range(RATE + 1)] == [False] * RATE + [True]
    await Office(server, "jackson").set("networks.shared=198.51.100.0/24")
    await asyncio.sleep(NOTICED_AFTER_S)
    assert not is_limited(await school.get(LOGIN_SCREEN))
    assert await quota_of(server, STRANGER) == RATE * FACTOR
    await Office(server, "jackson").set("networks.shared=")
    await asyncio.sleep(1 + NOTICED_AFTER_S)
    assert is_limited(await school.get(LOGIN_SCREEN))


@postgresql_only
async def test_a_whole_school_may_be_the_first_to_come_after_a_quiet_time(settings: Settings) -> None:
    """One of sixty asks for the list, which takes its time; the others do not go on with an old one."""
    pupils = 3 * FREE_REQUESTS
    async with limiting(settings) as server:
        assert await ask_for_reset(server, STRANGER) == 202
        await Office(server, "jackson").set(NETWORKS)
        await asyncio.sleep(2.1)
        async with all_readers_busy(server, settings):
            asked = [asyncio.ensure_future(ask_for_reset(server, PUPIL)) for _ in range(pupils)]
            await asyncio.sleep(0.1)
        assert await asyncio.gather(*asked) == [202] * pupils


@postgresql_only
async def test_a_whole_school_may_be_the_first_to_come_after_a_restart(server: Server, settings: Settings) -> None:
    """Nobody goes on without a list, while the first of them asks for it."""
    networks = SharedNetworks(server.campus.database)
    async with all_readers_busy(server, settings):
        asked = [asyncio.ensure_future(networks.districts_at(IPv4Address(PUPIL))) for _ in range(3)]
        await asyncio.sleep(0.1)
    assert await asyncio.gather(*asked) == [{"jackson"}] * 3


@postgresql_only
async def test_while_the_database_is_away_the_last_list_holds(settings: Settings) -> None:
    async with line_to(settings.database_url) as line:
        changes = {"database_url": line.url, "rate_public": RATE}
        async with limiting(settings, **changes) as server:
            await Office(server, "jackson").set(NETWORKS)
            assert await quota_of(server, PUPIL) == RATE * FACTOR
            await line.cut()
            await asyncio.sleep(1 + NOTICED_AFTER_S)
            answers = [await at(server, PUPIL).get(LOGIN_SCREEN) for _ in range(RATE + 2)]
            assert {refused(answer) for answer in answers} == {(503, "overloaded")}
            assert {Standing.of(answer).quota for answer in answers} == {RATE * FACTOR}
            strangers = [await at(server, STRANGER).get(LOGIN_SCREEN) for _ in range(RATE + 1)]
            assert [answer.status_code for answer in strangers] == [503] * RATE + [429]
            await line.mend()


@sqlite_only
async def test_nobody_registers_half_of_the_internet(server: Server) -> None:
    for network in ("10.0.0.0/7", "0.0.0.0/0", "2001::/31", "::/0", "10.0.0.0/8,0.0.0.0/1", "school"):
        with pytest.raises(SettingRefused):
            await Office(server, "jackson").set(f"networks.shared={network}")


@sqlite_only
async def test_the_widest_that_may_be_registered(server: Server) -> None:
    await Office(server, "jackson").set("networks.shared=10.0.0.0/8,2001:db8::/32")
    assert await quota_of(server, "10.255.0.1") == RATE * FACTOR
    assert await quota_of(server, "2001:db8:ffff::1") == RATE * FACTOR


async def test_a_school_gets_its_captcha_twenty_times_as_late(settings: Settings) -> None:
    """Requests for mails: the 21st of a stranger wants one, the 401st of a school; for another district the 21st."""
    async with limiting(settings) as server:
        await Office(server, "jackson").set(NETWORKS)
        await Office.open(server, "clarke", "Clarke County Schools")
        free = FREE_REQUESTS
        assert [await ask_for_reset(server, STRANGER) for _ in range(free + 1)] == [202] * free + [CAPTCHA]
        assert [await ask_for_reset(server, PUPIL) for _ in range(free + 1)] == [202] * (free + 1)
        assert await ask_for_reset(server, PUPIL, "clarke") == CAPTCHA
        await have_counted(server, free * FACTOR - 1)
        assert [await ask_for_reset(server, PUPIL) for _ in range(2)] == [202, CAPTCHA]
        assert await ask_for_reset(server, OTHER_PUPIL) == 202


@sqlite_only
async def test_a_school_may_miss_twenty_times_as_often(settings: Settings) -> None:
    async with limiting(settings) as server:
        await Office(server, "jackson").set(NETWORKS)
        with quick_hashes(server):
            outcomes = {address: [await miss(server, address, 0)] for address in (PUPIL, STRANGER)}
            for address, misses in outcomes.items():
                await have_counted(server, FREE_MISSES * FACTOR - 1)
                misses += [await miss(server, address, number) for number in (1, 2)]
    assert outcomes == {PUPIL: [401, 401, CAPTCHA], STRANGER: [401, CAPTCHA, CAPTCHA]}


@asynccontextmanager
async def all_readers_busy(server: Server, settings: Settings) -> AsyncIterator[None]:
    """Of those that short questions go through."""
    async with AsyncExitStack() as stack:
        for _ in range(short_share(settings.database_pool_size)):
            await stack.enter_async_context(server.campus.database.asking())
        yield


async def quota_of(server: Server, address: str, path: str = LOGIN_SCREEN) -> int:
    return Standing.of(await at(server, address).get(path)).quota


async def ask_for_reset(server: Server, address: str, district: str = "jackson") -> int | tuple[int, str]:
    body = {"district": district, "portal": "parent", "username": "nobody1"}
    return outcome(await at(server, address).post("/password-reset", json=body))


async def miss(server: Server, address: str, number: int) -> int | tuple[int, str]:
    """A wrong password for a name of its own."""
    body = {"district": "jackson", "portal": "parent", "username": f"nobody{address}{number}", "password": "wrong"}
    return outcome(await at(server, address).post("/login", json=body))


def outcome(answer: httpx.Response) -> int | tuple[int, str]:
    return refused(answer) if answer.status_code == 403 else answer.status_code


async def have_counted(server: Server, count: int) -> None:
    """Every address that has asked so far has asked so often; the ten minutes are not over."""
    async with server.campus.database.transaction() as session:
        await session.execute(update(WindowCount).values(count=count))
