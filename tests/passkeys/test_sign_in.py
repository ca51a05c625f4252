"""Signing in with a passkey: without a name, as two factors; and everything that is no genuine answer to our own question."""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.clock import ManualClock
from app.models import AuditEvent, SpentChallenge
from app.portals import Portal
from tests.guard.stranger import guess
from tests.support import authenticator
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.passkeys import ELIGIBLE, ORIGIN, Phone, copy_of, register, send, sign_in, sign_in_options, step_up
from tests.support.portal import Server, User, refused
from tests.support.recovery import Owner, Post, new_owner

INVALID, OVER = (403, "passkey_invalid"), (410, "ticket_invalid")


async def tags(server: Server, tag: str) -> list[dict[str, Any]]:
    async with server.campus.database.reading() as connection:
        query = select(AuditEvent.data).where(AuditEvent.tag == tag).order_by(AuditEvent.id)
        return [row.data for row in await connection.execute(query)]


async def test_a_passkey_opens_a_session_without_a_name_and_without_a_password(maria: Owner, server: Server) -> None:
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    options = await sign_in_options(elsewhere)
    assert options == {
        "rpId": "localhost", "challenge": options["challenge"], "timeout": 300_000,
        "allowCredentials": [], "userVerification": "required",
    }  # fmt: skip
    answer = await send(elsewhere, phone.get(options), device={"name": "Maria's tablet"})
    assert answer.status_code == 200
    assert {"access_token", "refresh_token", "device_token"} <= set(answer.json())
    assert await elsewhere.students() == ["Ana", "Ben"]
    assert (await elsewhere.refresh()).status_code == 200
    assert (await tags(server, "api:session:started"))[-1]["by"] == "passkey"


@sqlite_only
async def test_the_question_is_the_same_for_everybody_and_says_nothing(maria: Owner) -> None:
    """Neither who has a passkey nor whether anybody has."""
    await register(maria)
    asked = [await sign_in_options(maria.on_another_device(), portal=portal) for portal in ("parent", "staff")]
    assert {tuple(each) for each in asked} == {("rpId", "challenge", "timeout", "allowCredentials", "userVerification")}
    assert [each["allowCredentials"] for each in asked] == [[], []]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{75}", each["challenge"]) for each in asked)
    surprise = {"district": maria.district, "portal": "parent", "username": maria.username}
    assert (await maria.http.post("/login/passkey/options", json=surprise)).status_code == 422


async def test_an_answer_counts_once_however_often_it_is_sent_at_once(maria: Owner, server: Server) -> None:
    """On both engines, and in several processes, as what is spent stands in the database."""
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    credential = phone.get(await sign_in_options(elsewhere))
    answers = await asyncio.gather(*(send(elsewhere, credential) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 410: 49}
    assert refused(await send(elsewhere, credential)) == OVER
    async with server.campus.database.reading() as connection:
        kept = (await connection.execute(select(SpentChallenge.digest))).scalars().all()
    assert len(kept) == 2, "one of the registration and one of the sign-in"


async def test_a_challenge_lasts_five_minutes_and_what_is_spent_is_pruned(
    maria: Owner, server: Server, clock: ManualClock
) -> None:
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    late = await sign_in_options(elsewhere)
    clock.advance(timedelta(minutes=5))
    assert refused(await send(elsewhere, phone.get(late))) == OVER
    await server.campus.pruning.prune()
    async with server.campus.database.reading() as connection:
        assert (await connection.execute(select(SpentChallenge.digest))).all() == []


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"origin": "https://evil.example"}, "wrong_origin"),
        ({"origin": ORIGIN + ".evil.example"}, "wrong_origin"),
        ({"extra": {"crossOrigin": True}}, "embedded"),
        ({"flags": 0x19}, "not_genuine"),  # present, but nobody was recognised
        ({"flags": 0x1C}, "not_genuine"),  # recognised, but nobody was there
        ({"flags": 0x05}, "not_genuine"),  # it could be kept elsewhere when it was made
        ({"rp_id": "evil.example"}, "not_genuine"),
        ({"type": "webauthn.create"}, "not_genuine"),
        ({"user_handle": UUID(int=7).bytes}, "other_user"),
    ],
)
@sqlite_only
async def test_what_is_not_genuine_opens_nothing_and_uses_the_challenge_up(
    maria: Owner, server: Server, lie: dict[str, Any], reason: str
) -> None:
    phone = await register(maria)
    honest, elsewhere = copy_of(phone), maria.on_another_device()
    options = await sign_in_options(elsewhere)
    lies = {name: value for name, value in lie.items() if name in {"rp_id", "type", "user_handle"}}
    for name in lie.keys() - lies.keys():
        setattr(phone, name, lie[name])
    assert refused(await send(elsewhere, phone.get(options, **lies))) == INVALID
    (told,) = await tags(server, "api:session:refused")
    assert (told["reason"], told["by"]) == (reason, "passkey")
    assert refused(await send(elsewhere, honest.get(options))) == OVER
    assert (await sign_in(elsewhere, honest)).status_code == 200


@sqlite_only
async def test_whatever_part_of_an_answer_is_changed_it_opens_nothing(maria: Owner) -> None:
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    for part in ("signature", "authenticatorData", "clientDataJSON", "userHandle"):
        credential = phone.get(await sign_in_options(elsewhere))
        text = credential["response"][part]
        credential["response"][part] = text[:10] + ("A" if text[10] != "A" else "B") + text[11:]
        assert refused(await send(elsewhere, credential)) == INVALID, part
    for gone in ("userHandle",):
        credential = phone.get(await sign_in_options(elsewhere))
        del credential["response"][gone]
        assert refused(await send(elsewhere, credential)) == INVALID
    credential = phone.get(await sign_in_options(elsewhere))
    assert refused(await send(elsewhere, {**credential, "id": "AAAA", "rawId": "AAAA"})) == INVALID
    assert refused(await send(elsewhere, {**credential, "rawId": "AAAA"})) == (410, "ticket_invalid")


async def test_a_passkey_opens_its_own_account_in_its_own_portal_of_its_own_district_only(
    maria: Owner, office: Office, server: Server, post: Post
) -> None:
    """Nor is a challenge of one door an answer at another."""
    phone = await register(maria)
    oconee = await Office.open(server, "oconee", "Oconee County Schools")
    await oconee.set(f"origins={ORIGIN}")
    there = maria.on_another_device()
    there.district = "oconee"
    assert refused(await sign_in(there, phone)) == INVALID
    here = maria.on_another_device()
    assert refused(await send(here, phone.get(await sign_in_options(there)))) == INVALID, "asked in the other district"
    assert refused(await send(here, phone.get(await sign_in_options(here, portal="student")))) == INVALID
    asked = (await maria.ask("POST", "/me/step-up/options")).json()["public_key"]
    assert refused(await send(here, phone.get(asked))) == INVALID, "asked for a step-up"
    jorge = await new_owner(office, post, "Jorge Diaz", address=None)
    await register(jorge, Phone())
    assert refused(await sign_in(here, Phone(passkeys=[await unknown(maria)]))) == INVALID
    assert (await sign_in(here, phone)).status_code == 200


async def unknown(owner: User) -> Any:
    """A passkey that its phone made, and that was never sent here."""
    phone = Phone()
    await step_up(owner)
    options = (await owner.ask("POST", "/me/passkeys/options")).json()["public_key"]
    phone.create(options)
    return phone.passkeys[0]


@sqlite_only
async def test_only_the_districts_own_front_ends_and_our_apps_may_ask(maria: Owner, office: Office) -> None:
    phone = await register(maria)
    elsewhere = maria.on_another_device()
    phone.origin = "https://localhost"  # what Apple's apps say
    assert (await sign_in(elsewhere, phone)).status_code == 200
    phone.origin = ORIGIN
    await office.set("origins=https://new.jackson.example.org")
    assert refused(await sign_in(elsewhere, phone)) == INVALID
    phone.origin = "https://new.jackson.example.org"
    assert (await sign_in(elsewhere, phone)).status_code == 200


async def test_it_is_two_factors_where_an_authenticator_app_is_asked_for(maria: Owner) -> None:
    app = await authenticator.set_up(maria)
    assert (await step_up(maria, totp=app.next_code())).status_code == 200
    phone = Phone()
    options = (await maria.ask("POST", "/me/passkeys/options")).json()["public_key"]
    added = await maria.ask("POST", "/me/passkeys", json={"credential": phone.create(options)})
    assert added.status_code == 201
    elsewhere = maria.on_another_device()
    assert refused(await elsewhere.sign_in()) == (403, "totp_required")
    assert (await sign_in(elsewhere, phone)).status_code == 200


@sqlite_only
async def test_guesses_at_the_password_do_not_stop_a_passkey_nor_does_it_help_them(maria: Owner) -> None:
    """There is nothing to guess at a passkey; and whoever guesses gets no fresh tries because the owner signed in."""
    phone = await register(maria)
    told = await guess(maria, 4)
    assert told[-1] == (403, "captcha_required")
    assert (await sign_in(maria.on_another_device(), phone)).status_code == 200
    assert await guess(maria, 1) == [(403, "captcha_required")]


async def test_what_keeps_an_account_shut_keeps_it_shut_for_a_passkey(
    maria: Owner, office: Office, clock: ManualClock
) -> None:
    phone = await register(maria)
    elsewhere, account = maria.on_another_device(), UUID(maria.session["account"]["id"])
    await office.campus.accounts.disable(office.operator, account)
    answer = await sign_in(elsewhere, phone)
    assert (*refused(answer), answer.json()["reason"]) == (403, "account_locked", "disabled")
    await office.campus.accounts.enable(office.operator, account)
    assert (await sign_in(elsewhere, phone)).status_code == 200, "it was not lost meanwhile"
    await office.set("portals=student")
    for path in ("/login/passkey/options", "/login/passkey"):
        body = {"district": maria.district, "portal": "parent", "credential": phone.get(await door(elsewhere))}
        sent = body if path == "/login/passkey" else {"district": maria.district, "portal": "parent"}
        assert refused(await maria.http.post(path, json=sent)) == (403, "feature_disabled")
    await office.set("portals=parent,student")
    await office.set(f"maintenance_until={clock.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    body = {"district": maria.district, "portal": "parent"}
    assert refused(await maria.http.post("/login/passkey/options", json=body)) == (503, "maintenance")
    unopened = {"district": "nowhere", "portal": "parent"}
    assert refused(await maria.http.post("/login/passkey/options", json=unopened)) == (404, "district_not_found")


async def door(visitor: User) -> dict[str, Any]:
    return await sign_in_options(visitor, portal="student")


async def test_a_count_that_goes_back_is_recorded_and_locks_nobody_out(maria: Owner, server: Server) -> None:
    """Nobody can tell the owner's device from a copy: if that were a lock, whoever has a copy could lock the owner out."""
    phone = await register(maria, Phone(counts=True, flags=0x05))
    copied = copy_of(phone)
    elsewhere = maria.on_another_device()
    for _ in range(3):
        assert (await sign_in(elsewhere, phone)).status_code == 200
    assert await tags(server, "api:passkey:count_went_back") == []
    assert (await sign_in(elsewhere, copied)).status_code == 200
    (told,) = await tags(server, "api:passkey:count_went_back")
    assert set(told) == {"portal", "passkey"}
    assert ELIGIBLE & phone.flags == 0


@sqlite_only
async def test_an_owner_is_told_of_a_new_device_unless_its_token_proves_it(maria: Owner, post: Post) -> None:
    phone = await register(maria)
    await post.deliver()
    elsewhere = maria.on_another_device()
    assert (await sign_in(elsewhere, phone)).status_code == 200
    (told,) = await post.deliver()
    assert told.message["Subject"] == "Jackson County Schools: sign-in from a new device"
    device = {"device_token": elsewhere.session["device_token"]}
    assert (await send(elsewhere, phone.get(await sign_in_options(elsewhere)), device=device)).status_code == 200
    assert await post.deliver() == []


@sqlite_only
async def test_a_student_signs_in_with_a_passkey_too(office: Office, post: Post) -> None:
    student = await office.student("Ana Lopez", number="0123456")
    ana = Owner.of(await office.user(student, Portal.STUDENT), post)
    assert (await ana.activate()).status_code == 201
    phone = await register(ana)
    assert (await sign_in(ana.on_another_device(), phone)).status_code == 200
