"""The one-time code: a minute, once, and only for the app that made the challenge."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

from app.clock import ManualClock
from app.models import AuditEvent, SsoCode
from app.portals import Portal
from tests.sso.lying_provider import LyingProvider
from tests.sso.people import APP, SECRET, Browser, kinds, name_in_roster, outcome, with_sso
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, refused

USED = (410, "ticket_invalid")


async def code_for(browser: Browser, liar: LyingProvider, subject: str = "ben") -> str:
    back = liar.sign_in(await browser.to_provider(), subject, sourced_id=f"sis-{subject}")
    return (await browser.finish(back))["code"]


async def test_of_many_exchanges_at_once_one_has_the_session(ben: Browser, liar: LyingProvider) -> None:
    code = await code_for(ben, liar)
    answers = await asyncio.gather(*(ben.exchange(code) for _ in range(250)))
    told = Counter(answer.status_code for answer in answers)
    assert told[200] == 1
    assert set(told) <= {200, 409, 410}
    assert refused(await ben.exchange(code)) == USED
    session = next(answer for answer in answers if answer.is_success).json()
    assert await kinds(ben.server, session["access_token"]) == ["signed_in_by_sso", "activated"]


async def test_two_devices_at_the_first_sign_in_make_one_account(ben: Browser, liar: LyingProvider) -> None:
    other = Browser(ben.server, ben.district)
    codes = [await code_for(ben, liar), await code_for(other, liar)]

    async def exchanged(browser: Browser, code: str) -> UUID:
        """An app comes once more where another request was first."""
        answer = await browser.exchange(code)
        if answer.status_code == 409:
            answer = await browser.exchange(code)
        return UUID(answer.json()["account"]["id"])

    accounts = await asyncio.gather(exchanged(ben, codes[0]), exchanged(other, codes[1]))
    assert len(set(accounts)) == 1


@sqlite_only
async def test_a_code_is_worth_nothing_to_anybody_else(ben: Browser, liar: LyingProvider) -> None:
    """Another app on the phone, which took it on its way, has not made the challenge; and it does not use the code up."""
    code = await code_for(ben, liar)
    eve = Browser(ben.server, ben.district)
    await eve.to_provider()
    assert refused(await eve.exchange(code)) == USED
    assert refused(await ben.exchange(code, redirect_uri=f"{APP}/")) == USED
    assert refused(await ben.exchange(code[:-4] + "AAAA")) == USED
    assert refused(await ben.exchange(code, code_verifier=ben.challenge)) == USED
    assert refused(await ben.exchange(code, code_verifier="short")) == (422, "validation_failed")
    assert (await ben.exchange(code, redirect_uri=APP)).status_code == 200


@sqlite_only
async def test_a_code_lives_a_minute(ben: Browser, liar: LyingProvider, clock: ManualClock) -> None:
    first, second = await code_for(ben, liar), await code_for(ben, liar)
    clock.advance(timedelta(seconds=59))
    assert (await ben.exchange(first)).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert refused(await ben.exchange(second)) == USED
    clock.advance(timedelta(minutes=10))
    pruned = await ben.server.campus.pruning.prune()
    assert pruned >= 2
    async with ben.server.campus.database.transaction() as session:
        assert await session.get(SsoCode, UUID(int=0)) is None


@sqlite_only
async def test_what_is_locked_or_switched_off_meanwhile_opens_nothing(
    ben: Browser, liar: LyingProvider, office: Office
) -> None:
    assert (await ben.exchange(await code_for(ben, liar))).status_code == 200
    student = User(ben.server, ben.district, Portal.STUDENT, ben.person or UUID(int=0), "S0123456")
    code = await code_for(ben, liar)
    await office.disable(student)
    assert refused(await ben.exchange(code)) == (403, "account_locked")
    await office.enable(student)
    for change, back, told in (
        ("features.sso=false", "features.sso=true", (403, "feature_disabled")),
        ("sso.redirect_uris=", f"sso.redirect_uris={APP}", (403, "feature_disabled")),
    ):
        await office.set(change)
        assert refused(await ben.exchange(code)) == told
        await office.set(back)
    await with_sso(office, liar.issuer, enabled=False)
    assert refused(await ben.exchange(code)) == USED
    await with_sso(office, liar.issuer)
    await office.end(student.person_id)
    assert refused(await ben.exchange(code)) == (403, "account_locked")


@sqlite_only
async def test_no_secret_of_a_sign_in_is_kept(ben: Browser, liar: LyingProvider, server: Server) -> None:
    """The database holds no code, and no verifier; the trail holds ids and reasons."""
    code = await code_for(ben, liar)
    assert (await ben.exchange(code)).status_code == 200
    async with server.campus.database.reading() as connection:
        rows = (await connection.execute(SsoCode.__table__.select())).all()
        events = (await connection.execute(AuditEvent.__table__.select())).all()
    seen = f"{rows} {events}"
    assert len(events) > 2
    for secret in (code, ben.verifier, ben.challenge[:10] + ben.verifier, SECRET, "sis-ben", "Lopez"):
        assert secret not in seen


@sqlite_only
async def test_a_parent_is_told_by_mail_of_a_new_device_but_not_of_one_that_she_has(
    office: Office, liar: LyingProvider
) -> None:
    await with_sso(office, liar.issuer)
    maria = await office.parent()
    assert (await maria.activate(device={"installation_id": "phone"})).status_code == 201
    await name_in_roster(office, maria.person_id, sourced_id="sis-maria")
    browser = Browser(office.server, office.district, Portal.PARENT)
    device = {"installation_id": "phone", "device_token": maria.session["device_token"]}
    answer = (await browser.exchange(await code_for(browser, liar, "maria"), device=device)).json()
    assert answer["account"]["id"] == maria.session["account"]["id"]
    assert answer["next_steps"] == ["set_recovery_email"], "she has a password of her own"
    shared = (await browser.exchange(await code_for(browser, liar, "maria"), device={"shared": True})).json()
    assert "device_token" not in shared


@sqlite_only
async def test_a_session_that_a_provider_opened_ends_as_any_other(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    """After thirty days at the latest the provider is asked again, however often the session was used; a sign-out ends it at once."""
    signed_in = (await ben.exchange(await code_for(ben, liar))).json()
    token = signed_in["refresh_token"]
    for _ in range(3):
        clock.advance(timedelta(days=10) - timedelta(seconds=1))
        answer = await ben.http.post("/login/refresh", json={"refresh_token": token})
        assert answer.status_code == 200, answer.text
        token = answer.json()["refresh_token"]
    clock.advance(timedelta(seconds=4))
    assert refused(await ben.http.post("/login/refresh", json={"refresh_token": token})) == (401, "invalid_token")
    again = (await ben.exchange(await code_for(ben, liar))).json()
    assert again["account"]["id"] == signed_in["account"]["id"]
    bearer = {"Authorization": f"Bearer {again['access_token']}"}
    assert (await ben.http.post("/login/logout", headers=bearer)).status_code == 204
    assert (await ben.http.get("/me", headers=bearer)).status_code == 401
    assert await outcome(ben, liar) == "code", "the provider's own goes on"
