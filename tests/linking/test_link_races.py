"""Many who link, unlink and switch at once, over two servers with one database: no half link, no second account of a district (D4)."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.linking.families import MAY_LINK, Login, Region, link
from tests.support.engines import postgresql_only
from tests.support.portal import Server, refused
from tests.support.recovery import Post, posting

WRONG = (404, "link_code_invalid")
EXPIRED = (410, "link_code_expired")
NOT_FOUND = (404, "not_found")
ENDED = (401, "invalid_token")
ROUNDS, RUNNERS, STEPS = 5, 10, 10
"""500 operations in all."""
REFUSALS_OF_LINKING = {WRONG, EXPIRED, (409, "already_linked"), (409, "same_district"), (429, "rate_limited")}
MIN_ACCOUNTS_LINKED = 4
ADDRESS = "maria@mail.example.org"
HOUR = timedelta(hours=1)


@pytest.fixture
async def other_server(settings: Settings, clock: ManualClock, post: Post) -> AsyncIterator[Server]:
    async with posting(settings, clock, MemorySender(post.messages)) as server:
        server.http.event_hooks = post.server.http.event_hooks
        yield server


async def test_two_link_with_each_other_at_the_same_time(region: Region, other_server: Server) -> None:
    """Each types the other's code; at least one is done, and nobody is told that something broke."""
    for _ in range(3):
        wake, kent = await region.family("wake", "kent")
        there = replace(kent, server=other_server)
        codes = await asyncio.gather(wake.show_code(), there.show_code())
        answers = await asyncio.gather(wake.redeem(codes[1]), there.redeem(codes[0]))
        assert Counter(outcomes(answers)) == {201: 1, (409, "already_linked"): 1}
        assert ids(wake, kent) in await region.groups()


async def test_chains_and_merges_at_the_same_time(region: Region, other_server: Server) -> None:
    """Four in a ring, each with the next: three links make one group, the fourth finds it made."""
    for _ in range(3):
        ring = await region.family("wake", "kent", "durham", "sussex")
        there = [replace(login, server=other_server) for login in ring]
        codes = [await login.show_code() for login in ring]
        answers = await asyncio.gather(*(there[number].redeem(codes[number - 1]) for number in range(4)))
        assert Counter(outcomes(answers)) == {201: 3, (409, "already_linked"): 1}
        assert ids(*ring) in await region.groups()


async def test_two_of_one_district_who_want_the_same_friend_at_the_same_time(
    region: Region, other_server: Server
) -> None:
    for _ in range(3):
        first, second, friend = await region.family("wake", "wake", "kent")
        codes = [await friend.show_code() for _ in range(2)]
        answers = await asyncio.gather(first.redeem(codes[0]), replace(second, server=other_server).redeem(codes[1]))
        assert Counter(outcomes(answers)) == {201: 1, (409, "same_district"): 1}
        await region.groups()


async def test_d4_of_a_thousand_who_type_one_code_at_once_one_is_linked(region: Region, other_server: Server) -> None:
    """Fifty accounts of other districts, each of them twenty times."""
    owner = await region.parent("wake")
    crowd = [login for district in ("kent", "durham") for login in await region.parents(district, 25)]
    code = await owner.show_code()
    tries = [replace(login, server=server) for login in crowd for server in (owner.server, other_server)] * 10
    answers = await asyncio.gather(*(person.redeem(code) for person in tries))
    assert len(answers) == 1_000
    counted = Counter(outcomes(answers))
    assert counted[201] == 1
    assert counted.keys() <= {201, WRONG, (429, "rate_limited")}
    (group,) = await region.groups()
    assert owner.account_id in group
    assert len(group) == 2


@pytest.mark.parametrize("seed", [20_260_803])
async def test_500_links_unlinks_and_switches_of_twelve_accounts(
    region: Region, other_server: Server, clock: ManualClock, seed: int
) -> None:
    """In six districts; between the rounds and at the end the database is looked at."""
    chance = random.Random(seed)  # noqa: S311  # a story that can be told again
    people = await region.family(*MAY_LINK * 2)
    seen: Counter[object] = Counter()
    for _ in range(ROUNDS):
        people = await asyncio.gather(*(login.again() for login in people))
        at_both = [*people, *(replace(login, server=other_server) for login in people)]
        scripts = [[script(chance, at_both) for _ in range(STEPS)] for _ in range(RUNNERS)]
        seen.update(itertools.chain(*await asyncio.gather(*map(run, scripts))))
        grouped = set().union(*await region.groups())
        clock.advance(HOUR)
    allowed = {201, 204, 200, NOT_FOUND, ENDED} | REFUSALS_OF_LINKING
    assert seen.keys() <= allowed, "no other answer, and none of a deadlock"
    assert min(seen[201], seen[204], seen[200]) > 0, "each was done"
    assert len(grouped) >= MIN_ACCOUNTS_LINKED
    assert sum(seen.values()) >= ROUNDS * RUNNERS * STEPS


def script(chance: random.Random, people: list[Login]) -> Callable[[], Awaitable[list[httpx.Response]]]:
    """One operation: links twice as often as the others, as most links find themselves refused."""
    one, other = chance.sample(people, 2)

    async def links() -> list[httpx.Response]:
        return [await one.redeem(await other.show_code())]

    async def unlinks() -> list[httpx.Response]:
        return [await one.unlink(other)]

    async def switches() -> list[httpx.Response]:
        answer = await one.switch_to(other)
        return [answer, await replace(other, session=answer.json()).me()] if answer.is_success else [answer]

    return chance.choice([links, links, unlinks, switches])


async def run(steps: Iterable[Callable[[], Awaitable[list[httpx.Response]]]]) -> list[object]:
    return [outcome for step in steps for outcome in outcomes(await step())]


async def a_disable(_: Login, target: Login) -> None:
    await target.office.disable(target)


async def a_disable_of_the_root(root: Login, _: Login) -> None:
    await root.office.disable(root)


async def a_portal_flag_off(_: Login, target: Login) -> None:
    await target.office.take_portal_away(target)


async def a_portal_flag_off_at_the_root(root: Login, _: Login) -> None:
    await root.office.take_portal_away(root)


async def an_unlink(root: Login, target: Login) -> None:
    assert (await target.unlink(root)).status_code == 204


async def a_reset(_: Login, target: Login) -> None:
    await target.office.reset(target)


async def a_reset_of_the_root(root: Login, _: Login) -> None:
    await root.office.reset(root)


LOSSES = [
    a_disable,
    a_disable_of_the_root,
    a_portal_flag_off,
    a_portal_flag_off_at_the_root,
    an_unlink,
    a_reset,
    a_reset_of_the_root,
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
async def test_d25_of_those_who_switch_while_access_is_taken_away_none_stays_in(
    region: Region, other_server: Server, loss: Callable[[Login, Login], Awaitable[None]]
) -> None:
    """Nor do they come back when it is given back: no session of theirs is left open."""
    for milliseconds in (0, 8, 16):
        wake, kent = await region.family("wake", "kent")
        await link(wake, kent)
        switchers = [replace(wake, server=server) for server in (wake.server, other_server)] * 3
        switching = [asyncio.create_task(switcher.switch_to(kent)) for switcher in switchers]
        await asyncio.sleep(milliseconds / 1_000)
        await loss(wake, kent)
        answers = await asyncio.gather(*switching)
        assert set(outcomes(answers)) <= {200, NOT_FOUND, ENDED}
        assert await region.open_switches(kent) == 0


async def test_a_lost_phone_that_switches_while_it_is_signed_out(region: Region, other_server: Server) -> None:
    for milliseconds in (0, 8, 16):
        wake, kent = await region.family("wake", "kent")
        await link(wake, kent)
        lost, at_home = (await wake.current_session())["id"], await wake.again()
        switchers = [replace(wake, server=server) for server in (wake.server, other_server)] * 3
        switching = [asyncio.create_task(switcher.switch_to(kent)) for switcher in switchers]
        await asyncio.sleep(milliseconds / 1_000)
        assert (await at_home.ask("DELETE", f"/me/sessions/{lost}")).status_code == 204
        assert set(outcomes(await asyncio.gather(*switching))) <= {200, ENDED}
        assert await region.open_switches(kent) == 0


async def test_a_phone_that_registers_many_times_at_once(region: Region, other_server: Server) -> None:
    """For both of its accounts, from both of them."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    apps = [replace(login, server=server) for login in (wake, kent) for server in (wake.server, other_server)] * 3
    answers = await asyncio.gather(*(app.register(for_linked=True) for app in apps))
    assert set(outcomes(answers)) == {204}
    assert await region.devices() == {("wake", "phone-1"), ("kent", "phone-1")}


async def test_the_first_switch_many_times_at_once_turns_messages_on_once(region: Region, other_server: Server) -> None:
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    await wake.register()
    apps = [replace(wake, server=server) for server in (wake.server, other_server)] * 4
    answers = await asyncio.gather(*(app.switch_to(kent) for app in apps))
    assert set(outcomes(answers)) == {200}
    assert Counter(answer.json()["push_activated"] for answer in answers) == {True: 1, False: 7}


@postgresql_only
async def test_flows_that_meet_at_two_accounts_do_not_lock_each_other_out(region: Region, other_server: Server) -> None:
    """Linking, unlinking, switching, resets, keys and refreshes, all at once, several times; the owners are told by mail."""
    wake, kent, sussex = await region.family("wake", "kent", "sussex", address=ADDRESS)
    for number in range(6):
        wake, kent, sussex = [await login.again() for login in (wake, kent, sussex)]
        await sussex.redeem(await wake.show_code())
        key = await kent.office.key_for(kent.person_id, kent.portal)
        there = replace(kent, server=other_server)
        code = await wake.show_code()
        flows = [
            there.redeem(code),
            sussex.unlink(wake),
            sussex.switch_to(wake),
            there.switch_to(wake),
            wake.switch_to(sussex),
            wake.register(for_linked=True),
            sussex.register(for_linked=True),
            replace(kent, key=key).activate() if number % 2 else there.refresh(),
            replace(wake, server=other_server).unlink(sussex),
        ]
        office = [wake.office.disable(wake), sussex.office.disable(sussex), kent.office.take_portal_away(kent)]
        chosen = office[number % 3]
        for other in set(office) - {chosen}:
            other.close()
        answers, _ = await asyncio.gather(asyncio.gather(*flows), chosen)
        assert [refused(answer) for answer in answers if answer.is_server_error] == []
        await region.groups()
        for login in (wake, sussex):
            await login.office.enable(login)
        await kent.office.give_portal_back(kent)


def outcomes(answers: Iterable[httpx.Response]) -> list[object]:
    """The status of what succeeded, status and code of what was refused."""
    return [answer.status_code if answer.is_success else refused(answer) for answer in answers]


def ids(*logins: Login) -> frozenset[str]:
    return frozenset(login.account_id for login in logins)
