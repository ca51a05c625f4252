"""Refresh tokens: each works once, a lost answer costs nobody his session, and a stolen token ends it (D3)."""

import asyncio
import base64
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.clock import ManualClock
from app.database import Database
from app.models import SignInSession
from app.portals import Portal
from app.security.refresh_tokens import GenuineToken, RefreshTokens
from app.settings import Settings
from tests.support.engines import postgresql_only
from tests.support.office import Office
from tests.support.portal import User, refused, serving

ENDED = (401, "invalid_token")
SECOND = timedelta(seconds=1)


@pytest.fixture
async def signed_in(maria: User) -> User:
    """Maria with a session."""
    await maria.activate()
    return maria


async def test_each_refresh_gives_new_tokens_of_the_same_session(signed_in: User) -> None:
    first = signed_in.session
    answer = await signed_in.refresh()
    session = answer.json()
    assert answer.status_code == 200
    assert session["refresh_token"] != first["refresh_token"]
    assert session["account"] == first["account"]
    assert "device_token" not in session
    assert (await signed_in.me()).status_code == 200
    assert len(await signed_in.sessions()) == 1


async def test_d3_of_fifty_refreshes_at_once_there_is_one_live_successor(signed_in: User) -> None:
    token = signed_in.session["refresh_token"]
    answers = await asyncio.gather(*(signed_in.on_another_device().refresh(token) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert (await signed_in.refresh(successor)).status_code == 200


@postgresql_only
async def test_d3_a_slow_refresh_does_not_bring_an_old_token_back(signed_in: User) -> None:
    """While it waits, others refresh twice: it must see that, and not what it found when it began. SQLite has one writer at a time."""
    campus = signed_in.server.campus
    tokens, first = campus.sessions.refresh_tokens, signed_in.session["refresh_token"]
    second = tokens.successors(genuine(tokens, first))[0]
    third = tokens.successors(genuine(tokens, second))[0]
    async with campus.database.transaction() as session:
        family = await session.get_one(SignInSession, genuine(tokens, first).session_id, with_for_update=True)
        slow = asyncio.create_task(signed_in.refresh(first))
        while not await somebody_waits_for_a_lock(campus.database):
            assert not slow.done()
        family.previous_refresh_digest, family.refresh_digest = tokens.digest(second), tokens.digest(third)
    assert refused(await slow) == ENDED
    assert refused(await signed_in.refresh(third)) == ENDED


def genuine(tokens: RefreshTokens, text: str) -> GenuineToken:
    token = tokens.recognise(text)
    assert token is not None
    return token


async def somebody_waits_for_a_lock(database: Database) -> bool:
    async with database.reading() as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool((await connection.execute(text(waiting))).scalar_one())


async def test_d3_a_lost_answer_may_be_asked_for_again_within_thirty_seconds(
    signed_in: User, clock: ManualClock
) -> None:
    token = signed_in.session["refresh_token"]
    first = (await signed_in.refresh(token)).json()["refresh_token"]
    for _ in range(2):
        clock.advance(timedelta(seconds=15))
        again = await signed_in.refresh(token)
        assert again.status_code == 200
        assert again.json()["refresh_token"] == first
    assert (await signed_in.me()).status_code == 200
    assert (await signed_in.refresh(first)).status_code == 200


async def test_d3_a_lost_answer_may_be_asked_for_again_while_secret_keys_rotate(
    settings: Settings, clock: ManualClock
) -> None:
    """A restart with a new key in front costs nobody his session, not even in the middle of a refresh."""
    old, new = SecretStr("the-older-secret-key-of-32-characters"), SecretStr("the-newer-secret-key-of-32-characters")
    async with serving(settings.model_copy(update={"secret_keys": (old,)}), clock) as server:
        maria = await (await Office.open(server)).parent()
        token = (await maria.activate()).json()["refresh_token"]
        successor = (await maria.refresh()).json()["refresh_token"]
    async with serving(settings.model_copy(update={"secret_keys": (new, old)}), clock) as server:
        maria.server = server
        again = await maria.refresh(token)
        assert again.status_code == 200
        assert again.json()["refresh_token"] == successor
        newest = (await maria.refresh(successor)).json()["refresh_token"]
        assert (await maria.sign_in(device={"device_token": maria.session["device_token"]})).status_code == 200
    async with serving(settings.model_copy(update={"secret_keys": (new,)}), clock) as server:
        maria.server = server
        assert (await maria.refresh(newest)).status_code == 200


async def test_d3_asking_again_after_thirty_seconds_ends_the_family(signed_in: User, clock: ManualClock) -> None:
    token = signed_in.session["refresh_token"]
    successor = (await signed_in.refresh(token)).json()["refresh_token"]
    clock.advance(timedelta(seconds=31))
    assert refused(await signed_in.refresh(token)) == ENDED
    assert refused(await signed_in.refresh(successor)) == ENDED
    assert refused(await signed_in.me()) == ENDED


async def test_d3_asking_again_after_the_successor_was_used_ends_the_family(signed_in: User) -> None:
    """Two parties hold the family: one of them is a thief, and nobody can tell which."""
    token = signed_in.session["refresh_token"]
    await signed_in.refresh(token)
    newest = (await signed_in.refresh()).json()["refresh_token"]
    assert refused(await signed_in.refresh(token)) == ENDED
    assert refused(await signed_in.refresh(newest)) == ENDED
    assert refused(await signed_in.me()) == ENDED


async def test_d3_a_thief_ends_only_the_session_that_he_stole_from(signed_in: User) -> None:
    laptop = signed_in.on_another_device()
    await laptop.sign_in()
    token = signed_in.session["refresh_token"]
    await signed_in.refresh()
    await signed_in.refresh()
    assert refused(await signed_in.refresh(token)) == ENDED
    assert (await laptop.me()).status_code == 200


async def test_d3_a_forged_token_with_a_known_session_id_ends_nothing(signed_in: User) -> None:
    """Session ids are no secret: access tokens carry them. Whoever makes up a token around one must not sign others out."""
    given = signed_in.session["refresh_token"]
    raw = bytearray(base64.urlsafe_b64decode(given.removeprefix("crt_") + "=="))
    for place in (16, 40, len(raw) - 1):
        forged = bytearray(raw)
        forged[place] ^= 1
        made_up = "crt_" + base64.urlsafe_b64encode(forged).decode().rstrip("=")
        assert refused(await signed_in.refresh(made_up)) == ENDED
    for made_up in (
        given + "=",
        given.removeprefix("crt_"),
        given[:-1],
        given + "A",
        "crt_",
        "\u00e4\u00f6\u00fc",
        "x" * 500,
    ):
        assert refused(await signed_in.refresh(made_up)) == ENDED
    assert (await signed_in.refresh(given)).status_code == 200


async def test_d24_no_other_token_is_taken_for_a_refresh_token(signed_in: User) -> None:
    for name in ("access_token", "device_token"):
        answer = await signed_in.refresh(signed_in.session[name][:500])
        assert refused(answer) == ENDED
    assert (await signed_in.me()).status_code == 200


async def test_d27_a_session_that_nobody_used_for_fourteen_days_is_over(signed_in: User, clock: ManualClock) -> None:
    clock.advance(timedelta(days=14) - SECOND)
    assert (await signed_in.refresh()).status_code == 200
    clock.advance(timedelta(days=14) + SECOND)
    assert refused(await signed_in.refresh()) == ENDED


async def test_d27_rotation_never_moves_the_absolute_end(signed_in: User, clock: ManualClock) -> None:
    (session,) = await signed_in.sessions()
    assert session["expires_at"] == "2026-08-17T12:00:00Z"
    for _ in range(3):
        clock.advance(timedelta(days=10) - SECOND)
        assert (await signed_in.refresh()).status_code == 200
    (session,) = await signed_in.sessions()
    assert session["expires_at"] == "2026-09-02T12:00:00Z"
    assert (await signed_in.me()).status_code == 200
    clock.advance(4 * SECOND)
    assert refused(await signed_in.me()) == ENDED, "an access token of a minute ago does not outlive the session"
    assert refused(await signed_in.refresh()) == ENDED


async def test_d27_on_a_shared_device_the_session_lasts_an_hour(maria: User, clock: ManualClock) -> None:
    await maria.activate()
    school_pc = maria.on_another_device()
    answer = await school_pc.sign_in(device={"shared": True, "name": "Library"})
    assert "device_token" not in answer.json()
    clock.advance(timedelta(minutes=40))
    assert (await school_pc.refresh()).status_code == 200
    clock.advance(timedelta(minutes=20) - SECOND)
    assert (await school_pc.refresh()).status_code == 200
    clock.advance(2 * SECOND)
    assert refused(await school_pc.refresh()) == ENDED
    assert refused(await school_pc.me()) == ENDED
    assert (await maria.refresh()).status_code == 200


async def test_d27_staff_sessions_end_after_an_idle_hour_and_after_twelve_hours(
    office: Office, clock: ManualClock
) -> None:
    tess = await office.user(await office.staff_member("Tess Teach"), Portal.STAFF)
    await tess.activate()
    for _ in range(11):
        clock.advance(timedelta(hours=1) - SECOND)
        assert (await tess.refresh()).status_code == 200
    idle = tess.on_another_device()
    await idle.sign_in()
    clock.advance(timedelta(hours=1) + SECOND)
    assert refused(await idle.refresh()) == ENDED
    await tess.sign_in()
    for _ in range(13):
        clock.advance(timedelta(minutes=55))
        await tess.refresh()
    clock.advance(timedelta(minutes=6))
    assert refused(await tess.refresh()) == ENDED
