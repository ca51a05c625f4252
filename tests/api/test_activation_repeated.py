"""An app that lost the answer repeats its activation with the same `Idempotency-Key`, and nothing happens twice."""

import asyncio
from datetime import timedelta

import pytest

from app.clock import ManualClock
from tests.support.gate import GatedHashPool
from tests.support.office import Office
from tests.support.portal import User, faults, refused

HEADERS = {"Idempotency-Key": "6f1c2e3d-once"}
TEN_MINUTES = timedelta(minutes=10)


async def test_a_repeated_activation_opens_a_new_session_of_the_same_account(maria: User) -> None:
    first = (await maria.activate(HEADERS)).json()
    again = await maria.activate(HEADERS)
    assert again.status_code == 201
    assert again.json()["account"] == first["account"]
    assert again.json()["refresh_token"] != first["refresh_token"]
    assert len(await maria.sessions()) == 2


async def test_without_the_header_a_repetition_finds_the_key_used(maria: User) -> None:
    await maria.activate()
    assert refused(await maria.activate()) == (409, "activation_key_used")


async def test_the_same_idempotency_key_with_another_request_is_refused(office: Office, maria: User) -> None:
    rosa = await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await maria.activate(HEADERS)
    for answer in (
        await maria.activate(HEADERS, username="another1"),
        await maria.activate(HEADERS, recovery_email="someone@mail.example.org"),
        await rosa.activate(HEADERS),
    ):
        assert refused(answer) == (422, "idempotency_key_reused")
    assert (await rosa.activate()).status_code == 201


async def test_a_repetition_with_another_password_opens_nothing(maria: User) -> None:
    """The password is not part of what is remembered of a request; it is verified against the account that was made."""
    await maria.activate(HEADERS)
    for wrong in ("Another word 99", "", "x" * 128):
        answer = await maria.activate(HEADERS, password=wrong, password_confirm=wrong)
        assert refused(answer) == (422, "idempotency_key_reused")
    assert len(await maria.sessions()) == 1


async def test_after_ten_minutes_a_repetition_finds_the_key_used(maria: User, clock: ManualClock) -> None:
    await maria.activate(HEADERS)
    clock.advance(TEN_MINUTES - timedelta(seconds=1))
    assert (await maria.activate(HEADERS)).status_code == 201
    clock.advance(timedelta(seconds=2))
    assert refused(await maria.activate(HEADERS)) == (409, "activation_key_used")


async def test_after_a_refusal_the_corrected_request_may_keep_its_idempotency_key(office: Office, maria: User) -> None:
    rosa = await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await rosa.activate(username="taken1")
    assert faults(await maria.activate(HEADERS, password="short"))
    assert refused(await maria.activate(HEADERS, username="taken1")) == (409, "username_taken")
    assert refused(await maria.activate(HEADERS, district="nowhere")) == (404, "district_not_found")
    assert (await maria.activate(HEADERS)).status_code == 201
    assert (await maria.activate(HEADERS)).status_code == 201


async def test_a_repetition_while_the_first_is_running_is_told_to_wait(maria: User, gate: GatedHashPool) -> None:
    first = asyncio.create_task(maria.activate(HEADERS))
    go = await gate.arrival()
    answer = await maria.activate(HEADERS)
    assert refused(answer) == (409, "idempotency_in_progress")
    assert answer.headers["retry-after"] == "1"
    go.set()
    assert (await first).status_code == 201


async def test_a_repetition_after_thirty_seconds_takes_over_from_one_that_hangs(
    maria: User, gate: GatedHashPool, clock: ManualClock
) -> None:
    """The one that hangs wakes up and is refused; neither sees a fault of ours, and there is one account."""
    first = asyncio.create_task(maria.activate(HEADERS))
    wake_first = await gate.arrival()
    clock.advance(timedelta(seconds=31))
    second = asyncio.create_task(maria.activate(HEADERS))
    wake_second = await gate.arrival()
    wake_first.set()
    assert refused(await first) == (409, "in_progress")
    wake_second.set()
    assert (await second).status_code == 201
    assert len(await maria.sessions()) == 1


async def test_d25_a_repetition_opens_nothing_to_somebody_who_lost_access_since(office: Office, maria: User) -> None:
    await maria.activate(HEADERS)
    await office.take_portal_away(maria)
    assert (await maria.activate(HEADERS)).status_code in {403, 409, 410}
    assert refused(await maria.me()) == (401, "invalid_token")


async def test_d25_a_repetition_opens_nothing_of_an_account_that_was_switched_off(office: Office, maria: User) -> None:
    await maria.activate(HEADERS)
    await office.disable(maria)
    assert (await maria.activate(HEADERS)).status_code in {403, 409, 410}
    await office.enable(maria)
    await office.reset(maria)
    assert (await maria.activate(HEADERS)).is_client_error
    assert refused(await maria.me()) == (401, "invalid_token")


@pytest.mark.parametrize("key", ["short", "x" * 101, "with a space", "umlaut-\u00e4\u00f6\u00fc"])
async def test_an_idempotency_key_is_8_to_100_visible_characters(maria: User, key: str) -> None:
    answer = await maria.activate({b"Idempotency-Key": key.encode()})
    assert [pointer for pointer, _ in faults(answer)] == ["/header/Idempotency-Key"]


async def test_sign_in_and_refresh_take_no_idempotency_key(maria: User) -> None:
    """Two sign-ins are two sessions, whatever the client sends along."""
    await maria.activate()
    body = {"district": "jackson", "portal": "parent", "username": maria.username, "password": maria.password}
    first = await maria.http.post("/login", json=body, headers=HEADERS)
    second = await maria.http.post("/login", json={**body, "password": "wrong"}, headers=HEADERS)
    assert (first.status_code, second.status_code) == (200, 401)
