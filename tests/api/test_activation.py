"""A paper key becomes an account, once."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused

KEY_LIFE = timedelta(days=90)


async def test_a_key_shows_whom_it_is_for_and_is_not_used_up(maria: User) -> None:
    for _ in range(3):
        answer = await maria.verify()
        assert answer.status_code == 200
        assert answer.json() == {
            "portal": "parent",
            "first_name": "Maria",
            "expires_at": "2026-11-01T12:00:00Z",
            "password_policy": {
                "min_length": 8, "max_length": 128, "alphanumeric": False, "strong": False, "history": 5,
            },
            "username_policy": {"min_length": 4, "max_length": 32},
        }  # fmt: skip
    assert (await maria.activate()).status_code == 201


async def test_the_whole_road_from_the_key_to_the_children_and_out_again(maria: User) -> None:
    assert (await maria.activate(username="maria2026")).status_code == 201
    assert await maria.students() == ["Ana", "Ben"]
    maria.username = "maria2026"
    assert (await maria.sign_in()).status_code == 200
    assert (await maria.refresh()).status_code == 200
    assert await maria.students() == ["Ana", "Ben"]
    assert (await maria.sign_out()).status_code == 204
    assert refused(await maria.me()) == (401, "invalid_token")


async def test_activation_signs_in_and_says_whose_account_it_is(maria: User) -> None:
    answer = await maria.activate(
        username="maria2026", recovery_email="maria.lopez@mail.example.org", locale="es", device={"name": "Phone"}
    )
    session = answer.json()
    assert {name: session[name] for name in ("status", "token_type", "expires_in")} == {
        "status": "signed_in",
        "token_type": "Bearer",
        "expires_in": 600,
    }
    assert session["account"] == {
        "id": session["account"]["id"],
        "district": {"id": "jackson", "name": "Jackson County Schools"},
        "portal": "parent",
        "username": "maria2026",
        "first_name": "Maria",
        "last_name": "Lopez",
        "locale": "es",
        "recovery_email": {"address_masked": "m***@m***.org", "confirmed": False},
    }
    assert (await maria.me()).json() == session["account"]
    assert isinstance(session["next_steps"], list)


async def test_a_key_opens_one_account_and_then_says_how_to_go_on(maria: User) -> None:
    await maria.activate()
    for answer in (await maria.verify(), await maria.activate(username="another1")):
        assert refused(answer) == (409, "activation_key_used")
        assert answer.json()["next_step"] == "sign_in_or_recover"


async def test_d27_a_key_works_until_its_last_second_and_not_one_longer(maria: User, clock: ManualClock) -> None:
    clock.advance(KEY_LIFE - timedelta(seconds=1))
    assert (await maria.verify()).status_code == 200
    clock.advance(timedelta(seconds=2))
    assert refused(await maria.verify()) == (410, "activation_key_expired")
    assert refused(await maria.activate()) == (410, "activation_key_expired")


async def test_a_replaced_key_opens_nothing(office: Office, maria: User) -> None:
    lost, maria.key = maria.key, await office.key_for(maria.person_id, Portal.PARENT)
    assert refused(await maria.verify(activation_key=lost)) == (404, "activation_key_invalid")
    assert refused(await maria.activate(activation_key=lost)) == (404, "activation_key_invalid")
    assert (await maria.activate()).status_code == 201


async def test_a_key_opens_nothing_in_another_district(server: Server, maria: User) -> None:
    await Office.open(server, "wake", "Wake County Schools", "NC")
    assert refused(await maria.verify(district="wake")) == (404, "activation_key_invalid")
    assert refused(await maria.activate(district="wake")) == (404, "activation_key_invalid")
    assert refused(await maria.activate(district="nowhere")) == (404, "district_not_found")


async def test_a_key_may_be_typed_as_people_type(maria: User) -> None:
    letters = maria.key.replace("-", "")
    for typed in (letters.lower(), f"  {' '.join(letters)} ", maria.key.replace("-", " \u2013 "), maria.key.lower()):
        assert (await maria.verify(activation_key=typed)).status_code == 200
    assert (await maria.activate(activation_key=" ".join(letters.lower()))).status_code == 201


@pytest.mark.parametrize(
    "typed", ["x", "FFFFF-FFFFF-FFFFF-FFFFF-FFFFF", "\u00e4\u00f6\u00fc", "' OR 1=1 --", "9" * 100]
)
async def test_what_was_never_printed_opens_nothing(maria: User, typed: str) -> None:
    assert refused(await maria.activate(activation_key=typed)) == (404, "activation_key_invalid")


async def test_a_mistyped_letter_is_not_somebody_elses_key(maria: User) -> None:
    wrong = ("3" if maria.key[0] == "2" else "2") + maria.key[1:]
    assert refused(await maria.verify(activation_key=wrong)) == (404, "activation_key_invalid")


async def test_no_refusal_uses_the_key_up(office: Office, maria: User) -> None:
    rosa = await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await rosa.activate(username="taken1")
    assert refused(await maria.activate(username="taken1")) == (409, "username_taken")
    assert ("/password", "password_too_short") in faults(await maria.activate(password="short"))
    assert ("/nickname", "unknown_field") in faults(await maria.activate(nickname="Mimi"))
    await office.set("features.activation=false")
    assert refused(await maria.activate()) == (403, "feature_disabled")
    await office.set("features.activation=true", "maintenance_until=2026-08-03T13:00:00Z")
    assert refused(await maria.activate()) == (503, "maintenance")
    await office.set("maintenance_until=")
    assert (await maria.activate()).status_code == 201


async def test_a_student_and_a_teacher_get_accounts_of_their_own(office: Office) -> None:
    zed = await office.user(await office.student("Zed Young", number="4711"), Portal.STUDENT)
    tess = await office.user(await office.staff_member("Tess Teach"), Portal.STAFF)
    for user, portal in ((zed, "student"), (tess, "staff")):
        assert (await user.activate()).json()["account"]["portal"] == portal
        assert (await user.sign_in()).status_code == 200
    assert await zed.students() == ["Zed"]
    assert await tess.students() == []


async def test_a_teacher_with_children_has_two_accounts_under_one_name(office: Office) -> None:
    child = await office.student("Kim Teach")
    tess = await office.guardian("Tess Teach", [child])
    parent = await office.user(tess, Portal.PARENT)
    student = await office.user(child, Portal.STUDENT)
    assert (await parent.activate(username="teach1")).status_code == 201
    assert (await student.activate(username="teach1")).status_code == 201


async def test_whoever_lost_access_before_using_the_key_is_refused(office: Office, maria: User) -> None:
    await office.take_portal_away(maria)
    assert refused(await maria.verify()) == (410, "activation_key_expired")
    assert refused(await maria.activate()) == (410, "activation_key_expired")


async def test_a_portal_that_the_district_does_not_have_cannot_be_activated(office: Office) -> None:
    """Else a student would get in once with the key, and never again with the password."""
    zed = await office.user(await office.student("Zed Young"), Portal.STUDENT)
    await office.set("portals=parent")
    assert refused(await zed.verify()) == (403, "feature_disabled")
    assert refused(await zed.activate()) == (403, "feature_disabled")
