"""Whoever asks learns nothing of whom he asks about: the same answers, the same work, and no mail within a request (D9, D10, D12)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.clock import ManualClock
from tests.recovery.statements import counting
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.recovery import ADDRESS, CONFIRM, DISPUTE, NEW_PASSWORD, RESET, Mail, Owner, Post, new_owner

CALLS = 10
MASKED_HEADERS = {"date", "x-request-id", "ratelimit"}
NOBODYS_TOKEN = "cml_" + "A" * 64
NOBODYS_ADDRESS = "nobody.at-all@mail.example.org"

Ask = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class People:
    known: Owner
    unconfirmed: Owner
    disabled: Owner


@pytest.fixture
async def people(office: Office, post: Post) -> People:
    """All that an account can be: with a confirmed address, with one that waits, switched off."""
    known = await new_owner(office, post)
    disabled = await new_owner(office, post, "Dan Shut", address="dan@mail.example.org")
    unconfirmed = await new_owner(office, post, "Rosa Diaz", address=None)
    await unconfirmed.set_address("rosa@mail.example.org")
    await post.deliver()
    await office.disable(disabled)
    return People(known, unconfirmed, disabled)


async def test_d9_d10_asking_for_a_reset(server: Server, post: Post, people: People) -> None:
    names = [user.username for user in (people.known, people.unconfirmed, people.disabled)]
    await compare(server, post, [ask_reset(people.known, name) for name in [*names, "nobody1", "", "x" * 128]])


async def test_d9_d10_asking_for_usernames(server: Server, post: Post, people: People) -> None:
    """Half of the ten are refused, for an address that nobody has as for any other."""
    addresses = [ADDRESS, "rosa@mail.example.org", "dan@mail.example.org", NOBODYS_ADDRESS]
    traces = await compare(server, post, [ask_usernames(people.known, address) for address in addresses])
    assert [status for status, _, _ in traces] == [202] * 5 + [429] * 5


async def test_d9_d10_looking_at_a_link(server: Server, post: Post, people: People, clock: ManualClock) -> None:
    """A link that expired, that was used, that a newer one replaced, and one that never was."""
    dead = await dead_links(people.known, post, clock)
    tokens = [*dead[RESET], *dead[CONFIRM], *dead[DISPUTE], NOBODYS_TOKEN]
    await compare(server, post, [present(people.known, "/password-reset/check", token) for token in tokens])


async def test_d9_d10_using_a_link(server: Server, post: Post, people: People, clock: ManualClock) -> None:
    dead = await dead_links(people.known, post, clock)
    password = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    for path, page, more in (
        ("/password-reset/confirm", RESET, password),
        ("/recovery-email/confirm", CONFIRM, {}),
        ("/security/dispute", DISPUTE, {}),
    ):
        before = await server.hashes_computed()
        tokens = [*dead[page], NOBODYS_TOKEN]
        await compare(server, post, [present(people.known, path, token, **more) for token in tokens])
        assert await server.hashes_computed() == before


async def test_d12_giving_an_address_does_not_tell_whether_somebody_has_it(
    server: Server, office: Office, post: Post, people: People
) -> None:
    """With the current password, and with a key; the sixth mail of a day is refused for both."""
    unconfirmed = people.unconfirmed
    await compare(
        server,
        post,
        [set_address(unconfirmed, address) for address in ("m@new.example.net", NOBODYS_ADDRESS)],
        calls=7,
    )
    first, second = await office.parents(2)
    taken, free = await first.activate(recovery_email=ADDRESS), await second.activate(recovery_email="free@example.net")
    assert shape(taken) == shape(free)


async def compare(server: Server, post: Post, asks: list[Ask], calls: int = CALLS) -> list[Any]:
    """Each is asked ten times; all get the same sequence of answers, which cost the same."""
    mails = len(post.mails)
    traces, costs = [], []
    with counting(server.campus.database) as statements:
        for ask in asks:
            statements.take()
            trace, cost = [], []
            for _ in range(calls):
                trace.append(shape(await ask()))
                cost.append(len(statements.take()))
            traces.append(trace)
            costs.append(cost)
    assert len(post.mails) == mails, "no mail leaves within a request"
    assert [trace for trace in traces if trace != traces[0]] == []
    for of_one_call in zip(*costs, strict=True):
        assert max(of_one_call) - min(of_one_call) <= 1, costs
    return traces[0]


def shape(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    """Status, headers and body, but for ids, dates and what a session holds."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in MASKED_HEADERS)
    body = answer.json() if answer.content else {}
    body.pop("request_id", None)
    if "access_token" in body:
        return answer.status_code, [], (sorted(body), body["next_steps"], body["account"].keys())
    return answer.status_code, headers, body


def ask_reset(owner: Owner, username: str) -> Ask:
    return lambda: owner.ask_for_reset(username=username)


def ask_usernames(owner: Owner, address: str) -> Ask:
    return lambda: owner.ask_for_usernames(address)


def present(owner: Owner, path: str, token: str, **more: object) -> Ask:
    return lambda: owner.http.post(path, json={"token": token, **more})


def set_address(owner: Owner, address: str) -> Ask:
    return lambda: owner.set_address(address)


async def dead_links(owner: Owner, post: Post, clock: ManualClock) -> dict[str, list[str]]:
    """Links by page, none of which works any more."""
    mails: list[Mail] = []
    for _ in range(2):
        await owner.set_address("m@new.example.net")
        mails += await post.deliver()
    await owner.confirm(mails[-1].token(CONFIRM) if mails[-1].leads_to(CONFIRM) else mails[-2].token(CONFIRM))
    expired = await owner.reset_link()
    clock.advance(timedelta(days=8))
    await owner.sign_in()
    replaced, used = await owner.reset_link(), await owner.reset_link()
    await owner.reset(used, "Wide river 2026")
    notice = await post.one(DISPUTE)
    await owner.dispute(notice.token(DISPUTE))
    await post.deliver()
    pages = {page: [token for mail in mails for token in mail.tokens(page)] for page in (CONFIRM, DISPUTE)}
    return {
        RESET: [expired, replaced, used],
        CONFIRM: pages[CONFIRM],
        DISPUTE: [*pages[DISPUTE], notice.token(DISPUTE)],
    }
