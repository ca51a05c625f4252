"""The link of a reset mail: which one works, how often, how long, and what does not use it up."""

import asyncio
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.security.mailed_tokens import MailedTokens
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import (
    ADDRESS,
    CONFIRM,
    DISPUTE,
    NEW_PASSWORD,
    Owner,
    Post,
    let_everybody_through,
    new_owner,
)

DEAD = (410, "reset_link_invalid")


async def test_d4_a_link_works_once(maria: Owner) -> None:
    token = await maria.reset_link()
    assert (await maria.reset(token)).status_code == 204
    assert refused(await maria.reset(token, "Grim canyon 99")) == DEAD
    assert refused(await maria.check(token)) == DEAD
    assert await maria.signs_in_with(NEW_PASSWORD)


async def test_only_the_newest_link_works(maria: Owner) -> None:
    older, newer = await maria.reset_link(), await maria.reset_link()
    assert refused(await maria.check(older)) == DEAD
    assert refused(await maria.reset(older)) == DEAD
    assert (await maria.reset(newer)).status_code == 204


async def test_a_mail_for_a_forgotten_username_is_newer_too(maria: Owner, post: Post) -> None:
    older = await maria.reset_link()
    await maria.ask_for_usernames(ADDRESS)
    newer = (await post.one()).token()
    assert refused(await maria.reset(older)) == DEAD
    assert (await maria.reset(newer)).status_code == 204


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
async def test_d27_a_link_is_good_for_30_minutes_whether_or_not_anything_cleans_up(
    maria: Owner, clock: ManualClock, seconds: int, works: bool
) -> None:
    token = await maria.reset_link()
    clock.advance(timedelta(minutes=30, seconds=seconds))
    assert ((await maria.check(token)).status_code == 200) == works
    assert ((await maria.reset(token)).status_code == 204) == works
    assert await maria.signs_in_with(NEW_PASSWORD) == works


async def test_d27_a_link_that_expires_while_its_password_is_hashed_sets_nothing(
    maria: Owner, clock: ManualClock, gate: GatedHashPool
) -> None:
    token = await maria.reset_link()
    clock.advance(timedelta(minutes=29, seconds=59))
    request = asyncio.create_task(maria.reset(token))
    door = await gate.arrival()
    clock.advance(timedelta(seconds=2))
    door.set()
    assert refused(await let_everybody_through(gate, request)) == DEAD
    assert await let_everybody_through(gate, maria.signs_in_with(maria.password))


async def test_neither_a_look_nor_a_refusal_uses_it_up(server: Server, maria: Owner) -> None:
    """Mail scanners open links, people mistype passwords."""
    token = await maria.reset_link()
    for _ in range(3):
        assert (await server.http.get("/reset-password")).status_code == 200
        assert (await server.http.get("/reset-password", params={"token": token})).status_code == 200
        assert (await server.http.head("/reset-password")).status_code in {200, 405}
        assert (await maria.check(token)).status_code == 200
        assert faults(await maria.reset(token, "short"))
        assert faults(await maria.reset(token, password_confirm="something else"))
        assert faults(await maria.reset(token, maria.password))
    assert (await maria.reset(token)).status_code == 204


async def test_whoever_uses_it_this_moment_is_alone(maria: Owner, gate: GatedHashPool) -> None:
    token = await maria.reset_link()
    first = asyncio.create_task(maria.reset(token))
    door = await gate.arrival()
    answer = await maria.on_another_device().reset(token, "Grim canyon 99")
    assert refused(answer) == (409, "in_progress")
    assert answer.headers["retry-after"] == "1"
    door.set()
    assert (await let_everybody_through(gate, first)).status_code == 204
    assert await let_everybody_through(gate, maria.signs_in_with(NEW_PASSWORD))


async def test_a_process_that_was_lost_meanwhile_holds_it_for_30_seconds(
    maria: Owner, gate: GatedHashPool, clock: ManualClock
) -> None:
    """And if it was not lost but slow, it comes too late."""
    token = await maria.reset_link()
    slow = asyncio.create_task(maria.on_another_device().reset(token, "Grim canyon 99"))
    door = await gate.arrival()
    clock.advance(timedelta(seconds=30))
    assert (await let_everybody_through(gate, maria.reset(token))).status_code == 204
    door.set()
    assert refused(await let_everybody_through(gate, slow)) == DEAD
    assert await let_everybody_through(gate, maria.signs_in_with(NEW_PASSWORD))


async def test_a_newer_mail_beats_a_reset_that_is_under_way(maria: Owner, gate: GatedHashPool) -> None:
    older = await maria.reset_link()
    request = asyncio.create_task(maria.reset(older))
    door = await gate.arrival()
    newer = await maria.reset_link()
    door.set()
    assert refused(await let_everybody_through(gate, request)) == DEAD
    assert (await let_everybody_through(gate, maria.reset(newer))).status_code == 204


async def test_d21_a_signed_in_owner_who_changes_her_password_ends_the_link(maria: Owner) -> None:
    token = await maria.reset_link()
    assert (await maria.change_password()).status_code == 204
    assert refused(await maria.reset(token, "Grim canyon 99")) == DEAD
    assert await maria.signs_in_with(NEW_PASSWORD)


async def test_d22_a_link_is_good_for_its_own_account_and_its_own_purpose(
    office: Office, maria: Owner, post: Post
) -> None:
    rosa = await new_owner(office, post, "Rosa Diaz", address="rosa@mail.example.org")
    await maria.set_address("m@new.example.net")
    mails = await post.deliver()
    confirm = next(mail.token(CONFIRM) for mail in mails if mail.leads_to(CONFIRM))
    dispute = next(mail.token(DISPUTE) for mail in mails if mail.leads_to(DISPUTE))
    reset = await maria.reset_link()
    for token in (confirm, dispute):
        assert refused(await maria.check(token)) == DEAD
        assert refused(await maria.reset(token)) == DEAD
    for token in (reset, dispute):
        assert refused(await maria.confirm(token)) == (410, "ticket_invalid")
        assert refused(await maria.confirm_in_app(token=token)) == (410, "ticket_invalid")
    for token in (reset, confirm):
        assert refused(await maria.dispute(token)) == (410, "ticket_invalid")
    assert (await maria.reset(reset)).status_code == 204
    assert await rosa.signs_in_with(rosa.password)


async def test_nobody_makes_a_link_himself(server: Server, maria: Owner) -> None:
    """Every letter of a token counts, and a token of other secret keys is worth nothing."""
    token = await maria.reset_link()
    stranger = MailedTokens(type(server.campus.digests)(["another key of some other service, quite long"]))
    link_id = server.campus.password_reset.links.tokens.prove("reset_password", token)
    assert link_id is not None
    forged = [
        stranger.issue("reset_password", link_id),
        token + "=",
        token[:-1],
        token.removeprefix("cml_"),
        f" {token}",
    ]
    forged += [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(len(token))
    ]
    for text in [*forged, "cml_", "x", "é" * 64, "cml_" + "A" * 64, "A" * 500]:
        assert refused(await maria.check(text)) == DEAD, text
    assert (await maria.check(token)).status_code == 200


async def test_a_token_is_a_text_of_some_length(maria: Owner) -> None:
    for token in ("", "A" * 501, None, 7, ["x"]):
        answer = await maria.http.post("/password-reset/check", json={"token": token})
        assert {pointer for pointer, _ in faults(answer)} == {"/token"}
