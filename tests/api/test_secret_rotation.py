"""A secret key is replaced, and nobody has to begin anew: what was made under the old one goes on when it is gone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import Base, PushDevice, SsoProvider
from app.portals import Portal
from app.security.digests import KEPT_PURPOSES, STEADY
from app.services.keyed_tables import SEALED, digested
from app.services.resealing import SecretRefused
from app.settings import Settings
from tests.claiming.students import CLAIM_ON, given
from tests.conftest import SECRET_KEY
from tests.support.authenticator import set_up
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import PASSWORD, Server, User, refused, serving
from tests.support.secret_keys import NEW_KEY, NEXT_KEY, with_keys

CLIENT_SECRET = "what-the-provider-gave-to-the-district"
PHONE = {"platform": "android", "provider": "fcm", "push_token": "token-of-a-phone"}
ANSWERS = {"first_pet": "Rex", "favorite_food": "Peach pie", "first_street": "Oak Lane"}


def of(person: User, server: Server) -> Any:
    """The same person with the same app, which asks this server from now on."""
    person.server = server
    return person


async def answered(person: User) -> int:
    """Whether the right answers to the challenge questions are known as right."""
    who = {"district": person.district, "portal": person.portal, "username": person.username}
    ticket = (await person.http.post("/password-reset/questions", json=who)).json()["ticket"]
    body = {"ticket": ticket, "answers": given(ANSWERS)}
    return (await person.http.post("/password-reset/answers", json=body)).status_code


async def push_tokens(server: Server) -> list[str | None]:
    async with server.campus.database.reading() as connection:
        rows = await connection.execute(select(PushDevice.sealed_token))
    return [server.campus.digests.unseal(row.sealed_token) for row in rows]


async def add_provider(server: Server, district: str) -> None:
    """Of single sign-on, with the secret that it gave to the district."""
    provider = SsoProvider(
        district_id=district,
        name="entra",
        label="Entra",
        issuer="https://sso.example.org",
        client_id="campus",
        sealed_secret=server.campus.digests.seal(CLIENT_SECRET),
        scopes="openid",
        changed_at=server.campus.clock.now(),
    )
    async with server.campus.database.transaction() as session:
        session.add(provider)


async def client_secrets(server: Server) -> list[str | None]:
    async with server.campus.database.reading() as connection:
        rows = await connection.execute(select(SsoProvider.sealed_secret))
    return [server.campus.digests.unseal(row.sealed_secret) for row in rows]


async def hanging(server: Server) -> dict[str, Any]:
    """By standing of the key, what hangs on it and how it goes on."""
    found: dict[str, Any] = {}
    for each in await server.campus.secret_standing.keys():
        found.setdefault(each.standing, {}).update({hanging.what: hanging.way for hanging in each.hanging})
    return found


async def test_what_was_made_under_a_key_goes_on_when_it_is_gone(settings: Settings, clock: ManualClock) -> None:
    """Twice, so that what was kept once is kept on: printed keys, second factors, recovery codes, answers, phones, switched-off passwords."""
    async with serving(settings, clock) as server:
        office = await Office.open(server)
        await office.set(*CLAIM_ON)
        maria, paul, rosa = await office.parents(3)
        ted = await office.user(await office.staff_member("Ted Ray"), Portal.STAFF)
        for person in (maria, ted):
            assert (await person.activate()).status_code == 201
        app = await set_up(ted)
        codes = list(ted.session["recovery_codes"])
        body = {"current_password": PASSWORD, "challenge_answers": given(ANSWERS)}
        assert (await maria.ask("PUT", "/me/challenge-answers", json=body)).status_code == 204
        assert (await maria.ask("PUT", "/me/devices/phone", json=PHONE)).status_code == 204
        await add_provider(server, office.district)
        decoys = await questions(of(paul, server))

    async with serving(with_keys(settings, NEW_KEY, SECRET_KEY), clock) as server:
        assert "reseal" in (await hanging(server))["older"].values()
        done = await server.campus.resealing.reseal()
        assert done.rows == {"totp_factors": 1, "push_devices": 1, "signing_keys": 1, "sso_providers": 1}
        assert (await server.campus.resealing.reseal()).rows == dict.fromkeys(done.rows, 0), "twice changes nothing"
        assert set((await hanging(server))["older"].values()) == {"kept", "ends", "given_up"}
        for person in (maria, ted):
            assert (await of(person, server).refresh()).status_code == 200

    for keys in ([NEW_KEY], [NEXT_KEY, NEW_KEY], [NEXT_KEY]):
        async with serving(with_keys(settings, *keys), clock) as server:
            clock.advance(timedelta(minutes=2))
            assert (await of(paul, server).verify()).status_code == 200
            assert await questions(paul) == decoys
            assert (await of(ted, server).sign_in(totp=app.next_code())).status_code == 200
            assert (await ted.sign_in(totp=codes.pop())).status_code == 200
            assert await answered(of(maria, server)) == 200
            assert await push_tokens(server) == [PHONE["push_token"]]
            assert (await maria.ask("PUT", "/me/devices/phone", json=PHONE)).status_code == 204
            assert (await maria.refresh()).status_code == 200
            if len(keys) > 1:
                await server.campus.resealing.reseal()
    async with serving(with_keys(settings, NEXT_KEY), clock) as server:
        assert (await of(paul, server).activate()).status_code == 201
        assert (await of(rosa, server).activate()).status_code == 201
        assert set(await hanging(server)) == {"newest", "kept"}
        assert await client_secrets(server) == [CLIENT_SECRET]


async def questions(person: User) -> Any:
    """What is asked of somebody who has no account: the same at each time."""
    who = {"district": person.district, "portal": Portal.STUDENT, "username": "S0999999"}
    return (await person.http.post("/password-reset/questions", json=who)).json()["questions"]


@sqlite_only
async def test_a_key_that_somebody_may_know_is_forgotten(settings: Settings, clock: ManualClock) -> None:
    async with serving(settings, clock) as server:
        paul = await (await Office.open(server)).parent()
    async with serving(with_keys(settings, NEW_KEY, SECRET_KEY), clock) as server:
        await server.campus.resealing.reseal()
    async with serving(with_keys(settings, NEW_KEY), clock) as server:
        assert (await of(paul, server).verify()).status_code == 200
        (kept,) = {*(server.campus.digests.kept or {})} - {STEADY}
        with pytest.raises(SecretRefused):
            await server.campus.resealing.forget(STEADY)
        await server.campus.resealing.forget(kept)
    async with serving(with_keys(settings, NEW_KEY), clock) as server:
        assert refused(await of(paul, server).verify()) == (404, "activation_key_invalid")
        assert (await hanging(server))["unknown"] == {"activation_keys": "kept"}


@sqlite_only
async def test_a_key_that_was_taken_out_too_early_is_told(settings: Settings, clock: ManualClock) -> None:
    async with serving(settings, clock) as server:
        office = await Office.open(server)
        ted = await office.user(await office.staff_member("Ted Ray"), Portal.STAFF)
        assert (await ted.activate()).status_code == 201
        await set_up(ted)
    async with serving(with_keys(settings, NEW_KEY), clock) as server:
        lost = (await hanging(server))["unknown"]
        assert {"recovery_codes", "sessions", "totp_factors"} <= set(lost)
        lost = server.campus.digests.kept
        assert (await server.campus.resealing.reseal()).unreadable == {"totp_factors": 1, "signing_keys": 1}
    async with serving(with_keys(settings, NEW_KEY), clock) as server:
        assert (lost, [*(server.campus.digests.kept or {})]) == ({}, [STEADY])


def test_what_is_kept_is_what_hangs_on_it(clock: ManualClock) -> None:
    kept = {source.purpose for source in digested(clock.now()) if source.way == "kept"}
    assert set(KEPT_PURPOSES) == kept


WITHOUT_A_KEY = {
    *("audit_seals.digest", "audit_seals.events_digest", "audit_seals.sealed_at", "sealed_events.digest"),
    *("spent_captchas.digest", "spent_challenges.digest"),
}
"""Plain hashes and moments."""
WITH_ANOTHER = {"sessions.previous_refresh_digest", "kept_keys.sealed_keys"}
"""Which go with `sessions.refresh_digest`; and what is kept itself."""


def test_whatever_hangs_on_a_secret_key_is_known_to_its_replacement(clock: ManualClock) -> None:
    """A new column for something sealed, or for a keyed digest, has to be named in keyed_tables.py."""
    columns = {str(column) for table in Base.metadata.tables.values() for column in table.columns}
    suspects = {name for name in columns if "digest" in name.split(".")[1] or name.split(".")[1].startswith("sealed_")}
    known = {str(column) for sealed in SEALED for column in (*sealed.columns, sealed.named_by) if column is not None}
    known |= {str(source.digest) for source in digested(clock.now())}
    tables = {mapper.class_.__name__: mapper.class_.__tablename__ for mapper in Base.registry.mappers}
    known = {f"{tables[name.split('.')[0]]}.{name.split('.')[1]}" for name in known}
    assert suspects - known == WITHOUT_A_KEY | WITH_ANOTHER
