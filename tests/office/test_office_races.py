"""The office at work while others are, too: two clerks at once, and people who sign in at the very moment that they may no longer.

Over two servers with one database; whoever comes second waits or is refused, and what the office said holds afterwards.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.portals import Portal
from app.services.clerk import StaffRole
from app.settings import Settings
from tests.linking.families import Login, Region, link
from tests.office.counter import does, found, relationship_of, seen, set_portal
from tests.office.keys import batch, families, live
from tests.support.desk import at_desk
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, User, refused
from tests.support.recovery import Post, posting

MOMENTS_MS = (0, 2, 4, 7)
"""How long after the one the other begins."""
FORBIDDEN, ENDED = (403, "forbidden"), (401, "invalid_token")
IN_PERSON: dict[str, object] = {"method": "key", "channel": "in_person", "photo_id_checked": True}

Act = Callable[[User], Awaitable[httpx.Response]]


@pytest.fixture
async def there(settings: Settings, clock: ManualClock, post: Post) -> AsyncIterator[Server]:
    """Another server with the same database."""
    async with posting(settings, clock, MemorySender(post.messages)) as server:
        server.http.event_hooks = post.server.http.event_hooks
        with quick_hashes(server):
            yield server


async def at_once(
    act: Awaitable[httpx.Response], then: Awaitable[httpx.Response], after_ms: int
) -> list[httpx.Response]:
    async def later() -> httpx.Response:
        await asyncio.sleep(after_ms / 1_000)
        return await then

    return list(await asyncio.gather(act, later()))


def outcomes(answers: Sequence[httpx.Response]) -> Counter[Any]:
    return Counter(answer.status_code if answer.is_success else refused(answer) for answer in answers)


async def is_in(user: User) -> bool:
    """Whether a request or a refresh of the app's gets through."""
    return "access_token" in user.session and ((await user.me()).is_success or (await user.refresh()).is_success)


# --- two of the office ------------------------------------------------------------------------------------------------


async def test_of_two_admins_who_change_one_setting_the_second_sees_the_first(
    office: Office, dana: User, there: Server
) -> None:
    erin = replace(await at_desk(office, name="Erin Cole"), server=there)
    for length, after_ms in zip(range(9, 20, 2), (*MOMENTS_MS, 0, 0), strict=True):
        seen_by_both = {"If-Match": (await dana.ask("GET", "/admin/district")).headers["etag"]}
        one, other = [
            clerk.ask(
                "PATCH", "/admin/district", headers=seen_by_both, json={"password_policy": {"min_length": number}}
            )
            for clerk, number in ((dana, length), (erin, length + 1))
        ]
        answers = await at_once(one, other, after_ms)
        assert outcomes(answers) == {200: 1, (412, "precondition_failed"): 1}
        (done,) = [answer for answer in answers if answer.is_success]
        assert (await dana.ask("GET", "/admin/district")).json() == done.json()


async def test_two_clerks_who_do_opposite_things_to_one_account_leave_one_state(
    office: Office, maria: User, dana: User, hugo: User, there: Server
) -> None:
    """Everything is done, one after the other; the trail has all of it, and nobody holds two keys."""
    await maria.activate()
    far = replace(dana, server=there)
    for _ in range(3):
        if (await seen(dana, maria))["status"] == "disabled":
            await does(dana, "enable", maria)
        work = [
            does(hugo, "disable", maria),
            does(far, "enable", maria),
            does(hugo, "reset", maria, **IN_PERSON),
            does(far, "reset", maria, **IN_PERSON),
            does(hugo, "unlock", maria),
            does(far, "disable", maria),
        ]
        answers = await asyncio.gather(*work)
        assert not [answer for answer in answers if answer.status_code >= 500]
        assert [answer.status_code for answer in answers if answer.request.url.path.endswith("able")] == [204] * 3
        assert {answer.status_code for answer in answers[2:4]} <= {200, 409}, "no key for who is switched off just now"
        assert await live(office, maria.person_id) <= 1
    trail = (await dana.ask("GET", "/admin/audit-events", params={"tag": "office:account:", "limit": 100})).json()
    events = Counter(event["tag"] for event in trail["items"])
    assert (events["office:account:disabled"], events["office:account:unlocked"]) == (6, 3)


async def test_a_batch_that_is_repeated_at_once_is_made_once(office: Office, dana: User, there: Server) -> None:
    parents = await families(office, 3)
    far = replace(dana, server=there)
    answers = await asyncio.gather(*(batch(clerk, repeat_as="8f14e45f-ceea") for clerk in (dana, far) * 3))
    made = [answer.json() for answer in answers if answer.is_success]
    assert [len(report["keys"]) for report in made if "keys" in report] == [3]
    assert len({report["id"] for report in made}) == 1
    assert set(outcomes(answers)) <= {201, (409, "idempotency_in_progress")}
    assert [await live(office, parent) for parent in parents] == [1, 1, 1]
    other_body = await batch(far, repeat_as="8f14e45f-ceea", portal="student")
    assert refused(other_body) == (422, "idempotency_key_reused")


async def test_two_admins_who_switch_each_other_off_leave_one(office: Office, there: Server) -> None:
    """So a district never loses the last of those who can sign in."""
    for after_ms in MOMENTS_MS:
        ada, ben = [await at_desk(office, name=name) for name in ("Ada Hall", "Ben Hall")]
        answers = await at_once(does(ada, "disable", ben), does(replace(ben, server=there), "disable", ada), after_ms)
        assert Counter(answer.is_success for answer in answers) == {True: 1, False: 1}
        (late,) = [answer for answer in answers if not answer.is_success]
        assert refused(late) in {FORBIDDEN, ENDED}
        assert Counter([await is_in(ada), await is_in(ben)]) == {True: 1, False: 1}


async def test_two_admins_who_remove_each_other_leave_one(office: Office, there: Server) -> None:
    for after_ms in MOMENTS_MS:
        ada, ben = [await at_desk(office, name=name) for name in ("Ada Hall", "Ben Hall")]
        far = replace(ben, server=there)
        removals = (
            ada.ask("DELETE", f"/admin/staff/{ben.person_id}"),
            far.ask("DELETE", f"/admin/staff/{ada.person_id}"),
        )
        answers = await at_once(*removals, after_ms)
        assert Counter(answer.is_success for answer in answers) == {True: 1, False: 1}
        assert Counter([await is_in(ada), await is_in(ben)]) == {True: 1, False: 1}


async def test_whoever_is_removed_at_work_does_nothing_afterwards(office: Office, dana: User, there: Server) -> None:
    """What was asked for before is done or refused; what is asked for then is refused, in every process."""
    for after_ms in MOMENTS_MS:
        sam = replace(await at_desk(office, StaffRole.HELP_DESK, name="Sam Ortiz"), server=there)
        parents = await families(office, 4)
        removing = dana.ask("DELETE", f"/admin/staff/{sam.person_id}")
        removal = asyncio.create_task(at_once(removing, found_by(sam), after_ms))
        issuing = [
            sam.ask("POST", "/admin/activation-keys", json={"person_id": str(parent), **_at_the_desk})
            for parent in parents
        ]
        answers = await asyncio.gather(*issuing)
        assert (await removal)[0].status_code == 204
        assert set(outcomes(answers)) <= {201, FORBIDDEN, ENDED}
        assert [await live(office, parent) for parent in parents] == [answer.is_success for answer in answers]
        assert not await is_in(sam)
        assert refused(await found_by(sam)) in {FORBIDDEN, ENDED}


_at_the_desk = {"channel": "in_person", "photo_id_checked": True}


async def found_by(clerk: User) -> httpx.Response:
    return await clerk.ask("GET", "/admin/accounts", params={"q": "lopez"})


# --- the office and the owner -----------------------------------------------------------------------------------------


async def signs_in(user: User) -> httpx.Response:
    return await user.sign_in()


async def refreshes(user: User) -> httpx.Response:
    return await user.refresh()


async def activates(user: User) -> httpx.Response:
    """With a new key, which starts the account over."""
    return await user.activate()


@pytest.mark.parametrize("act", [signs_in, refreshes, activates])
async def test_whoever_is_switched_off_while_he_comes_in_is_out(
    office: Office, maria: User, hugo: User, there: Server, act: Act
) -> None:
    await maria.activate()
    for after_ms in MOMENTS_MS:
        await does(hugo, "enable", maria)
        phone = replace(maria, server=there, session={})
        await phone.sign_in()
        if act is activates:
            phone.key = await office.key_for(maria.person_id, Portal.PARENT)
        came_in, switched_off = await at_once(act(phone), does(hugo, "disable", maria), after_ms)
        assert switched_off.status_code == 204
        assert came_in.is_success or came_in.status_code in {401, 403, 409, 410}
        assert not await is_in(phone)
        item = await seen(hugo, maria)
        assert (item["status"], item["live_sessions"]) == ("disabled", 0)


@pytest.mark.parametrize("act", [signs_in, refreshes, activates])
async def test_whoever_is_started_over_while_he_comes_in_is_out(
    office: Office, maria: User, hugo: User, there: Server, act: Act
) -> None:
    """The password of before opens nothing; who used the key of before at that moment came first, or not at all."""
    await maria.activate()
    for after_ms in MOMENTS_MS:
        maria.key = await office.key_for(maria.person_id, Portal.PARENT)
        assert (await maria.activate()).status_code == 201
        phone = replace(maria, server=there)
        if act is activates:
            phone.key = await office.key_for(maria.person_id, Portal.PARENT)
        _, reset = await at_once(act(phone), does(hugo, "reset", maria, **IN_PERSON), after_ms)
        assert reset.status_code == 200
        assert not await is_in(phone)
        item = await seen(hugo, maria)
        assert (item["live_sessions"], item["key"]["state"]) == (0, "live")


@pytest.mark.parametrize("act", [signs_in, refreshes, activates])
async def test_whoever_loses_the_last_student_while_he_comes_in_is_out(
    office: Office, dana: User, there: Server, act: Act
) -> None:
    child = await office.student("Ana Lopez")
    maria = await office.user(await office.guardian("Maria Lopez", [child]), Portal.PARENT)
    await maria.activate()
    relationship = await relationship_of(office, maria.person_id, child)
    for after_ms in MOMENTS_MS:
        assert (await set_portal(dana, relationship, portal=True)).status_code == 200
        phone = replace(maria, server=there, session={})
        await phone.sign_in()
        if act is activates:
            phone.key = await office.key_for(maria.person_id, Portal.PARENT)
        _, off = await at_once(act(phone), set_portal(dana, relationship, portal=False), after_ms)
        assert off.status_code == 200
        assert not await is_in(phone)
        assert (await seen(dana, maria))["live_sessions"] == 0


async def test_a_switch_while_either_end_of_it_is_switched_off_leaves_nothing_open(
    region: Region, there: Server
) -> None:
    """The account that she comes from, or the one to which she goes."""
    wake, kent = await region.family("wake", "kent")
    await link(wake, kent)
    for after_ms in MOMENTS_MS:
        for end in (wake, kent):
            await end.office.enable(end)
            here = replace(await wake.again(), server=there)
            switching = asyncio.create_task(here.switch_to(kent))
            await asyncio.sleep(after_ms / 1_000)
            await end.office.disable(end)
            answer = await switching
            switched: Login = replace(kent, server=there, session=answer.json() if answer.is_success else {})
            assert not await is_in(switched)
            assert end is kent or not await is_in(here)
            assert await region.open_switches(kent) == 0
            await end.office.enable(end)


async def test_a_search_while_everything_changes_answers(maria: User, dana: User, hugo: User, there: Server) -> None:
    await maria.activate()
    far = replace(hugo, server=there)
    work = [does(dana, what, maria) for what in ("disable", "enable", "unlock") * 3]
    pages = await asyncio.gather(*(found(far, "lopez") for _ in range(6)), *work)
    assert all([item["id"] for item in page["items"]] == [maria.session["account"]["id"]] for page in pages[:6])
