"""What a signed-in person proves with the current password, how often it may be wrong, and what happens meanwhile."""

import asyncio

from app.security.hash_pool import HashPool
from app.security.hash_threads import HashThreads
from app.security.passwords import PasswordHasher
from tests.support.gate import GatedHashPool
from tests.support.portal import Server, faults, refused
from tests.support.recovery import (
    ADDRESS,
    CONFIRM,
    DISPUTE,
    NEW_PASSWORD,
    Owner,
    Post,
    let_everybody_through,
    use_hash_pool,
)

STRANGE_ADDRESS = "mallory@elsewhere.example.net"
TRIES = 5


async def test_the_current_password_is_asked_for(maria: Owner, post: Post) -> None:
    for answer in (
        await maria.set_address(STRANGE_ADDRESS, current_password="a guess"),
        await maria.change_password(current_password="a guess"),
    ):
        assert refused(answer) == (403, "current_password_wrong")
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/current_password"]
    assert await post.deliver() == []
    assert await maria.signs_in_with(maria.password)


async def test_five_wrong_ones_end_the_session_and_no_other(maria: Owner) -> None:
    """Both routes count together."""
    elsewhere = maria.on_another_device()
    await elsewhere.sign_in()
    for number in range(TRIES):
        assert await maria.is_signed_in()
        guess = {"current_password": f"guess {number}"}
        answer = await (maria.change_password(**guess) if number % 2 else maria.set_address(ADDRESS, **guess))
        assert refused(answer) == (403, "current_password_wrong")
    assert refused(await maria.me()) == (401, "invalid_token")
    assert refused(await maria.refresh()) == (401, "invalid_token")
    assert await elsewhere.is_signed_in()


async def test_the_right_one_begins_the_count_anew(maria: Owner) -> None:
    for _ in range(2):
        for _ in range(TRIES - 1):
            assert refused(await maria.change_password(current_password="a guess")) == (403, "current_password_wrong")
        assert (await maria.set_address(ADDRESS)).status_code == 202
    assert await maria.is_signed_in()


async def test_a_password_that_breaks_a_rule_is_no_guess(server: Server, maria: Owner) -> None:
    """It is refused before anything is verified, and does not tell whether the current one was right."""
    before = await server.hashes_computed()
    for _ in range(TRIES + 1):
        assert faults(await maria.change_password("short", current_password="a guess"))
    assert await server.hashes_computed() == before
    assert await maria.is_signed_in()


async def test_d1_of_many_guesses_at_once_at_most_five_are_verified(server: Server, maria: Owner) -> None:
    before = await server.hashes_computed()
    guesses = [maria.set_address(STRANGE_ADDRESS, current_password=f"guess {number}") for number in range(15)]
    guesses += [maria.change_password(current_password=f"guess {number}") for number in range(15, 30)]
    answers = await asyncio.gather(*guesses)
    assert {refused(answer) for answer in answers} <= {(403, "current_password_wrong"), (401, "invalid_token")}
    assert await server.hashes_computed() - before <= TRIES
    assert not await maria.is_signed_in()


async def test_d1_the_right_one_among_later_guesses_is_not_verified(maria: Owner, gate: GatedHashPool) -> None:
    """While five guesses are being verified, a sixth try is refused whatever it is."""
    guesses = [
        asyncio.create_task(maria.set_address(ADDRESS, current_password=f"guess {number}")) for number in range(TRIES)
    ]
    doors = [await gate.arrival() for _ in guesses]
    assert refused(await maria.set_address(STRANGE_ADDRESS)) == (403, "current_password_wrong")
    for door in doors:
        door.set()
    await asyncio.gather(*guesses)
    assert not await maria.is_signed_in()


async def test_a_try_that_the_service_was_too_busy_for_does_not_count(server: Server, maria: Owner) -> None:
    free, full = server.campus.hash_pool, HashPool(HashThreads(PasswordHasher(), 1), queue=-1)
    use_hash_pool(server, full)
    for _ in range(TRIES + 1):
        assert refused(await maria.set_address(ADDRESS)) == (503, "overloaded")
    use_hash_pool(server, free)
    await full.close()
    assert (await maria.set_address(ADDRESS)).status_code == 202


async def test_d21_who_knew_the_old_password_sets_no_address_after_a_reset(
    maria: Owner, post: Post, gate: GatedHashPool
) -> None:
    """His request verified the old password and was held up; meanwhile the owner has chosen a new one."""
    token = await maria.reset_link()
    intruder = maria.on_another_device()
    await gate.let_through(intruder.sign_in())
    request = asyncio.create_task(intruder.set_address(STRANGE_ADDRESS))
    door = await gate.arrival()
    await reset_through(gate, maria, token)
    door.set()
    assert refused(await request)[0] in {401, 403, 409}
    assert [mail for mail in await post.deliver() if mail.to == STRANGE_ADDRESS] == []


async def test_d21_who_knew_the_old_password_changes_none_after_a_reset(maria: Owner, gate: GatedHashPool) -> None:
    token = await maria.reset_link()
    intruder = maria.on_another_device()
    await gate.let_through(intruder.sign_in())
    request = asyncio.create_task(intruder.change_password("Grim canyon 99"))
    door = await gate.arrival()
    await reset_through(gate, maria, token)
    door.set()
    assert refused(await let_everybody_through(gate, request))[0] in {401, 403, 409}
    assert await gate.let_through(maria.signs_in_with(NEW_PASSWORD))


async def test_d31_a_change_that_is_under_way_ends_with_its_session(maria: Owner, gate: GatedHashPool) -> None:
    request = asyncio.create_task(maria.change_password())
    door = await gate.arrival()
    assert (await maria.sign_out()).status_code == 204
    door.set()
    assert refused(await let_everybody_through(gate, request)) == (401, "invalid_token")
    assert await gate.let_through(maria.signs_in_with(maria.password))


async def test_d21_who_disputes_meanwhile_keeps_his_address(maria: Owner, post: Post, gate: GatedHashPool) -> None:
    await gate.let_through(maria.set_address("first@new.example.net"))
    dispute = next(mail for mail in await post.deliver() if mail.leads_to(DISPUTE)).token(DISPUTE)
    request = asyncio.create_task(maria.set_address(STRANGE_ADDRESS))
    door = await gate.arrival()
    assert (await maria.dispute(dispute)).status_code == 204
    door.set()
    assert refused(await request)[0] in {401, 403, 409}
    mails = await post.deliver()
    assert [mail.to for mail in mails] == [ADDRESS]
    assert not [mail for mail in mails if mail.leads_to(CONFIRM)]


async def reset_through(gate: GatedHashPool, owner: Owner, token: str) -> None:
    assert (await let_everybody_through(gate, owner.reset(token))).status_code == 204
