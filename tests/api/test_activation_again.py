"""A key for somebody who has an account: the same account, and nothing left of what opened it before (D36)."""

from datetime import timedelta

from app.clock import ManualClock
from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import User, refused

NEW = "Quiet harbour 17"


async def test_d36_a_key_replaces_whatever_somebody_else_has_set_before(office: Office, maria: User) -> None:
    """An attacker who got hold of the first key prepared the account; its owner comes with a key from the counter."""
    attacker = maria.on_another_device()
    first = await attacker.activate(username="prepared1", recovery_email="attacker@mail.example.org", locale="ru")
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    second = await maria.activate(username="maria2026", password=NEW, password_confirm=NEW)
    assert second.status_code == 201
    account = second.json()["account"]
    assert account["id"] == first.json()["account"]["id"]
    assert account["username"] == "maria2026"
    assert "recovery_email" not in account
    assert "locale" not in account
    assert refused(await attacker.me()) == (401, "invalid_token")
    assert refused(await attacker.refresh()) == (401, "invalid_token")
    assert refused(await attacker.sign_in(username="prepared1")) == (401, "invalid_credentials")
    assert refused(await attacker.sign_in(username="maria2026")) == (401, "invalid_credentials")
    assert (await maria.sign_in(username="maria2026", password=NEW)).status_code == 200


async def test_d36_device_tokens_from_before_prove_nothing(office: Office, maria: User) -> None:
    """A device that proves its token stays the same device, with the same token; one that proves nothing becomes a new one."""
    old = (await maria.activate()).json()["device_token"]
    again = await maria.sign_in(device={"device_token": old})
    assert again.json()["device_token"] == old
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    await maria.activate()
    after = await maria.sign_in(device={"device_token": old})
    assert after.json()["device_token"] != old


async def test_the_key_shows_the_username_of_the_account_that_is_there(office: Office, maria: User) -> None:
    await maria.activate(username="maria2026")
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    assert (await maria.verify()).json()["username"] == "maria2026"


async def test_the_own_username_may_be_kept_and_anothers_may_not_be_taken(office: Office, maria: User) -> None:
    rosa = await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await rosa.activate(username="rosa2026")
    await maria.activate(username="maria2026")
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    assert refused(await maria.activate(username="ROSA2026")) == (409, "username_taken")
    assert (await maria.me()).status_code == 200, "the refusal changed nothing"
    assert (await maria.activate(username="MARIA2026")).json()["account"]["username"] == "MARIA2026"


async def test_an_unused_key_of_somebody_with_an_account_expires_too(
    office: Office, maria: User, clock: ManualClock
) -> None:
    await maria.activate()
    maria.key = await office.key_for(maria.person_id, Portal.PARENT)
    clock.advance(timedelta(days=90, seconds=1))
    assert refused(await maria.activate()) == (410, "activation_key_expired")
    assert (await maria.sign_in()).status_code == 200


async def test_children_added_later_need_no_new_key(office: Office, maria: User) -> None:
    await maria.activate()
    dora = await office.student("Dora Lopez")
    await office.relate(maria.person_id, dora)
    assert await maria.students() == ["Ana", "Ben", "Dora"]
