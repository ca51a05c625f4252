"""Adding, listing, renaming and removing passkeys: by whom, after which proof, and what the owner is told."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.own_passkeys import MOST_PASSKEYS
from tests.support import authenticator
from tests.support.desk import give_role
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.passkeys import Phone, add, begin, register, sign_in, step_up
from tests.support.portal import User, faults, refused
from tests.support.recovery import DISPUTE, Owner, Post, new_owner

STEP_UP, INVALID = (401, "step_up_required"), (403, "passkey_invalid")
FULL, OVER, GONE = (409, "too_many_passkeys"), (410, "ticket_invalid"), (404, "not_found")


async def passkeys(owner: User) -> list[dict[str, object]]:
    return list((await owner.ask("GET", "/me/passkeys")).json()["items"])


async def test_from_the_first_passkey_to_its_end(maria: Owner, post: Post, clock: ManualClock) -> None:
    """The whole story, with what the list, the activity and the mails say."""
    assert await passkeys(maria) == []
    assert refused(await maria.ask("POST", "/me/passkeys/options")) == STEP_UP
    phone = await register(maria, name="Maria's phone")
    (told,) = await post.deliver()
    assert told.message["Subject"] == "Jackson County Schools: a passkey was added"
    assert told.leads_to(DISPUTE)
    assert "phone" not in told.everything, "no mail repeats what somebody typed"
    (shown,) = await passkeys(maria)
    assert shown == {
        "id": shown["id"], "name": "Maria's phone", "created_at": shown["created_at"], "backed_up": True,
    }  # fmt: skip
    clock.advance(timedelta(minutes=3))
    elsewhere = maria.on_another_device()
    assert (await sign_in(elsewhere, phone)).status_code == 200
    (used,) = await passkeys(maria)
    assert used["last_used_at"] == "2026-08-03T12:03:00Z"
    renamed = await maria.ask("PATCH", f"/me/passkeys/{shown['id']}", json={"name": "Old phone"})
    assert renamed.json() == {**used, "name": "Old phone"}
    await post.deliver()
    assert (await maria.ask("DELETE", f"/me/passkeys/{shown['id']}")).status_code == 204
    (told,) = await post.deliver()
    assert told.message["Subject"] == "Jackson County Schools: a passkey was removed"
    assert refused(await sign_in(elsewhere, phone)) == INVALID
    assert (await elsewhere.me()).status_code == 200, "a session that it opened goes on"
    activity = (await maria.ask("GET", "/me/activity")).json()["items"]
    assert [item["kind"] for item in activity][:3] == ["passkey_removed", "signed_in", "passkey_added"]


@sqlite_only
async def test_the_options_ask_for_a_passkey_that_is_found_without_a_name(maria: Owner) -> None:
    await step_up(maria)
    options = await begin(maria)
    assert options["rp"] == {"id": "localhost", "name": "Jackson County Schools"}
    assert options["user"]["name"] == f"{maria.username} (Jackson County Schools)"
    assert options["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []
    phone = Phone()
    credential = phone.create(options)
    assert (await add(maria, credential)).status_code == 201
    (known,) = (await begin(maria))["excludeCredentials"]
    assert known == {"type": "public-key", "id": credential["id"], "transports": ["internal", "hybrid"]}


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@sqlite_only
async def test_each_algorithm_that_is_offered_works(maria: Owner, algorithm: int) -> None:
    phone = await register(maria, Phone(algorithm=algorithm))
    assert (await sign_in(maria.on_another_device(), phone)).status_code == 200


@sqlite_only
async def test_what_is_no_answer_to_what_was_asked_makes_no_passkey(maria: Owner, office: Office, post: Post) -> None:
    await step_up(maria)
    options = await begin(maria)
    lies = [
        (Phone(origin="https://evil.example"), {}),
        (Phone(flags=0x01), {}),  # nobody was recognised
        (Phone(flags=0x04), {}),  # nobody was there
        (Phone(flags=0x15), {}),  # kept elsewhere, though it cannot be
        (Phone(extra={"crossOrigin": True}), {}),  # within somebody else's page
        (Phone(), {"rp_id": "evil.example"}),
        (Phone(), {"type": "webauthn.get"}),
    ]
    for phone, lie in lies:
        assert refused(await add(maria, phone.create(await begin(maria), **lie))) == INVALID
    jorge = await new_owner(office, post, "Jorge Diaz", address=None)
    await step_up(jorge)
    assert refused(await add(jorge, Phone().create(options))) == INVALID, "it was asked of somebody else"
    tablet = maria.on_another_device()
    assert (await tablet.sign_in()).status_code == 200
    await step_up(tablet)
    assert refused(await add(tablet, Phone().create(options))) == INVALID, "and in another session"
    broken = Phone().create(options)
    broken["response"]["attestationObject"] = "o2NmbXRk"
    assert refused(await add(maria, broken)) == INVALID
    assert refused(await add(maria, Phone().create(options))) == OVER, "one answer, right or wrong"
    assert await passkeys(maria) == []


async def test_a_challenge_is_good_for_one_answer(maria: Owner, clock: ManualClock) -> None:
    await step_up(maria)
    options = await begin(maria)
    answers = await asyncio.gather(*(add(maria, Phone().create(options)) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 410: 19}
    late = await begin(maria)
    clock.advance(timedelta(minutes=5))
    assert refused(await add(maria, Phone().create(late))) == OVER


async def test_an_account_has_ten_passkeys_at_most_however_many_ask_at_once(maria: Owner) -> None:
    await step_up(maria)
    ready = [Phone().create(await begin(maria)) for _ in range(MOST_PASSKEYS + 3)]
    answers = await asyncio.gather(*(add(maria, credential) for credential in ready))
    assert Counter(answer.status_code for answer in answers) == {201: MOST_PASSKEYS, 409: 3}
    assert refused(await maria.ask("POST", "/me/passkeys/options")) == FULL


async def test_nobody_gets_at_the_passkeys_of_others(maria: Owner, office: Office, post: Post) -> None:
    phone = await register(maria)
    (mine,) = await passkeys(maria)
    jorge = await new_owner(office, post, "Jorge Diaz", address=None)
    await step_up(jorge)
    assert await passkeys(jorge) == []
    for path in (f"/me/passkeys/{mine['id']}", f"/me/passkeys/{uuid4()}"):
        assert refused(await jorge.ask("PATCH", path, json={"name": "Mine"})) == GONE
        assert refused(await jorge.ask("DELETE", path)) == GONE
    (known,) = phone.passkeys
    assert refused(await add(jorge, Phone().create(await begin(jorge), id=known.id))) == INVALID, "it is Maria's"
    assert (await sign_in(maria.on_another_device(), phone)).status_code == 200


async def test_staff_need_an_authenticator_app_first(office: Office, post: Post) -> None:
    """A passkey opens the desk: nobody may have one for a password alone."""
    person = await office.staff_member("Dana Reed")
    await give_role(office, person, StaffRole.DISTRICT_ADMIN)
    dana = Owner.of(await office.user(person, Portal.STAFF), post)
    assert (await dana.activate()).status_code == 201
    assert (await step_up(dana)).status_code == 200
    assert refused(await dana.ask("POST", "/me/passkeys/options")) == (403, "totp_required")
    app = await authenticator.set_up(dana)
    assert (await step_up(dana, totp=app.next_code())).status_code == 200
    phone = Phone()
    assert (await add(dana, phone.create(await begin(dana)))).status_code == 201
    elsewhere = dana.on_another_device()
    assert (await sign_in(elsewhere, phone)).status_code == 200
    desk = await elsewhere.ask("GET", "/admin/accounts", params={"q": "nobody"})
    assert desk.status_code == 200, "a passkey is two factors"


@sqlite_only
async def test_a_session_that_was_switched_to_or_a_name_of_nothing_is_refused(maria: Owner) -> None:
    await register(maria)
    (mine,) = await passkeys(maria)
    answer = await maria.ask("PATCH", f"/me/passkeys/{mine['id']}", json={"name": ""})
    assert set(faults(answer)) == {("/name", "too_short")}
