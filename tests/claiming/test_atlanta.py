"""Atlanta's "Parent Portal" page and its "Sign Up Guide", step by step, over HTTP. The sentences in quotes are the documents'."""

from datetime import timedelta

import httpx
import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.claiming.families import Family, accept_requests
from tests.office.keys import KEYS, live, order
from tests.office.test_key_mails import key_in
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused
from tests.support.recovery import ADDRESS, Owner, Post

GTID, USERNAME, PASSWORD = "3100345001", "keisha7", "Peach7"
SETTINGS = (
    "password_policy.min_length=6",
    "password_policy.alphanumeric=true",
    "password_policy.strong=true",
    "username_recovery.lockout=account",
    "support.phone=404-802-1000",
    "support.ticket.label=Let's Talk",
    "support.ticket.url=https://www.atlanta.example.org/lets-talk",
)


@pytest.fixture
async def atlanta(server: Server) -> Office:
    """As the district describes its portal."""
    atlanta = await Office.open(server, "atlanta", "Atlanta Public Schools")
    await accept_requests(atlanta, *SETTINGS)
    return atlanta


@pytest.fixture
async def family(atlanta: Office) -> Family:
    """Keisha Johnson never got a letter; her address is on record."""
    return await Family.at(atlanta, "Keisha Johnson", student="Jada Johnson", number="1100345")


@pytest.fixture
async def keisha(family: Family, post: Post) -> Owner:
    """She has done all that the guide says."""
    person = family.guardians[0]
    key = await family.office.key_for(person, Portal.PARENT)
    keisha = Owner.of(family.office.visitor(person, key), post)
    keisha.username, keisha.password = USERNAME, PASSWORD
    assert (await keisha.activate()).status_code == 201
    await keisha.own_address()
    return keisha


async def test_part_1_request_a_parent_portal_activation_key(family: Family, server: Server, post: Post) -> None:
    # "What you'll need before registering: your child's Student Number (it can be found on the report card or transcript)
    # and the last four digits of your child's Social Security Number or the SSN-like number assigned to your child."
    screen = (await server.http.get("/districts/atlanta")).json()
    assert screen["features"]["key_request"] is True
    assert screen["key_request"] == {"fields": ["ssn_last4"], "delivery": "email"}
    whole = await family.ask(ssn_last4="123-45-4071")
    assert set(faults(whole)) == {("/ssn_last4", "ssn_last4_only")}
    assert (await family.ask(ssn_last4="4072")).status_code == 202
    assert await post.deliver() == []
    assert (await family.ask()).status_code == 202
    (mail,) = await post.deliver()
    assert (await family.office.visitor(family.guardians[0], key_in(mail)).verify()).json()["first_name"] == "Keisha"


@sqlite_only
async def test_the_parent_can_visit_the_school_and_present_a_valid_photo_id(family: Family) -> None:
    # "The Parent Portal Activation Key cannot be provided over the phone."
    hugo, person = await at_desk(family.office), family.guardians[0]
    unseen = await order(hugo, person, photo_id_checked=False)
    assert set(faults(unseen)) == {("/photo_id_checked", "photo_id_not_checked")}
    by_phone = {"person_id": str(person), "channel": "phone", "photo_id_checked": True}
    assert set(faults(await hugo.ask("POST", KEYS, json=by_phone))) == {("/channel", "unknown_value")}
    assert await live(family.office, person) == 0
    key = (await order(hugo, person)).json()["activation_key"]
    assert (await family.office.visitor(person, key).verify()).status_code == 200


async def test_part_2_first_time_account_creation(family: Family, post: Post) -> None:
    await family.ask()
    keisha = family.office.visitor(family.guardians[0], key_in(await post.one()))
    # "Enter the Activation Key assigned to you. Click the Submit button. The Activation Key will be verified, and when approved,
    # a screen will prompt the user to create a username and password."
    assert refused(await keisha.verify(activation_key="F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V")) == (
        404,
        "activation_key_invalid",
    )
    approved = (await keisha.verify()).json()
    assert approved["portal"] == "parent"
    assert (approved["password_policy"]["min_length"], approved["password_policy"]["strong"]) == (6, True)
    # "Enter a Username. Use an alphanumeric username", with both letters and numbers.
    for username in ("keisha", "1234567", "keisha-7"):
        assert {pointer for pointer, _ in faults(await created(keisha, username=username))} == {"/username"}
    # "Use an alphanumeric password. Passwords should be at least 6 characters long. If Strong Password is set it must meet
    # three of the four qualifications."
    for password in ("Pch7!", "Peaches!", "peach77"):
        assert {pointer for pointer, _ in faults(await created(keisha, password=password))} == {"/password"}
    # "Re-enter the password in the Verify Password field. Click the Create Account button."
    retyped = await created(keisha, password_confirm="Peach8")
    assert set(faults(retyped)) == {("/password_confirm", "password_mismatch")}
    assert (await created(keisha)).status_code == 201
    assert await keisha.students() == ["Jada"]
    # "Once the Activation Key has been used to create an account, it cannot be used again."
    assert refused(await created(keisha, username="keisha8")) == (409, "activation_key_used")
    assert refused(await keisha.verify()) == (409, "activation_key_used")


async def created(keisha: User, **changes: str) -> httpx.Response:
    typed = {"username": USERNAME, "password": PASSWORD, **changes}
    return await keisha.activate(**{"password_confirm": typed["password"], **typed})


async def test_to_reset_your_password(keisha: Owner) -> None:
    # "Select the Forgot Your Password? link to have a unique URL sent to their email which will walk them through."
    first, second = await keisha.reset_link(), await keisha.reset_link()
    assert first != second
    assert refused(await keisha.check(first)) == (410, "reset_link_invalid")
    offer = (await keisha.check(second)).json()
    assert offer["password_policy"]["min_length"] == 6
    assert ("/password", "password_not_strong") in faults(await keisha.reset(second, "peach77"))
    assert (await keisha.reset(second, "Plum77")).status_code == 204
    assert (await keisha.on_another_device().sign_in()).status_code == 200


async def test_forgotten_usernames_up_to_five_times_a_day(
    atlanta: Office, keisha: Owner, post: Post, clock: ManualClock
) -> None:
    # "All usernames associated with the email address entered will be listed in the email."
    dawit = Owner.of(await atlanta.parent("Dawit Johnson"), post)
    dawit.password = PASSWORD
    assert (await dawit.activate()).status_code == 201
    await dawit.own_address()
    for _ in range(5):
        assert (await keisha.ask_for_usernames(ADDRESS)).status_code == 202
        assert sorted((await post.one()).usernames) == sorted({USERNAME, dawit.username})
    # "On the sixth try, the user will be locked out of the account and will need to wait until the next day to try again."
    sixth = await keisha.ask_for_usernames(ADDRESS)
    assert refused(sixth) == (429, "daily_limit_reached")
    locked = await keisha.on_another_device().sign_in()
    assert refused(locked) == (403, "account_locked")
    assert locked.json()["reason"] == "recovery_lockout"
    clock.advance(timedelta(seconds=int(sixth.headers["retry-after"])))
    assert (await keisha.on_another_device().sign_in()).status_code == 200
    assert (await keisha.ask_for_usernames(ADDRESS)).status_code == 202


@sqlite_only
async def test_how_to_get_your_childs_gtid_and_whom_to_ask(atlanta: Office, server: Server) -> None:
    # "Your child's GTID can be found in Parent Portal. You can switch between students in your household."
    jada = await atlanta.student("Jada Johnson", number="1100345", state_id=GTID)
    zion = await atlanta.student("Zion Johnson", number="1100520")
    keisha = await atlanta.user(await atlanta.guardian("Keisha Johnson", [jada, zion]), Portal.PARENT)
    assert (await created(keisha)).is_success
    students = (await keisha.ask("GET", "/me/students")).json()["items"]
    assert [(each["first_name"], each.get("state_id")) for each in students] == [("Jada", GTID), ("Zion", None)]
    # "If you are unable to reset using the online reset feature, please submit a Let's Talk ticket", or call.
    support = (await server.http.get("/districts/atlanta")).json()["support"]
    assert support == {
        "phone": "404-802-1000",
        "ticket": {"label": "Let's Talk", "url": "https://www.atlanta.example.org/lets-talk"},
    }
