"""Jackson County's "Password Reset Steps" and the vendor's help page, step by step, over HTTP. The sentences in quotes are theirs."""

from datetime import date, timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from app.services.office.announcements import Notice
from tests.claiming.families import BORN, HOME, Family, accept_requests
from tests.guard.stranger import ASKED, INVALID, guess, new_captcha
from tests.office.test_key_mails import key_in
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, NEW_PASSWORD, RESET, Owner, Post, new_owner

JULY = date(2019, 7, 1)
MEALS = Notice(
    "SchoolPay",
    "Want to pay for your child's meals online? Haga clic aquí para ver un folleto con más detalles en español.",
    [
        {"label": "here", "url": "https://www.jackson.example.org/schoolpay"},
        {"label": "aquí", "url": "https://www.jackson.example.org/schoolpay-es"},
    ],
    published_on=JULY,
)
NEW = Notice("New to Campus Portal?", "Get your portal activation key BEFORE clicking on the link.", published_on=JULY)


@pytest.fixture
async def jackson(office: Office) -> Office:
    """As the district describes its portal; we ask for the birth date, and for no social security number."""
    await accept_requests(office, "key_request.fields=birth_date", "languages=en,es")
    for notice in (MEALS, NEW):
        await office.campus.announcements.publish(office.operator, notice)
    return office


@pytest.fixture
async def family(jackson: Office) -> Family:
    family = await Family.at(jackson, "Maria Lopez")
    return family.asking(student_number=family.facts["student_number"], birth_date=BORN.isoformat())


@pytest.mark.usefixtures("jackson")
async def test_the_login_page(server: Server) -> None:
    # "Announcements. Monday July 1, 2019", with links, one of them in Spanish.
    screen = (await server.http.get("/districts/jackson")).json()
    assert {notice["published_on"] for notice in screen["announcements"]} == {"2019-07-01"}
    (meals,) = [notice for notice in screen["announcements"] if notice["title"] == "SchoolPay"]
    assert [link["label"] for link in meals["links"]] == ["here", "aquí"]
    assert "en español" in meals["body"]
    # "Log in to Campus Student or Campus Parent." "New User?" "Forgot Password? Forgot Username?"
    assert screen["portals"] == ["parent", "student"]
    assert {name for name, on in screen["features"].items() if on} >= {
        "activation",
        "key_request",
        "password_reset",
        "username_recovery",
    }
    # "Users may also select the language desired at the bottom of the login screen."
    assert screen["languages"] == ["en", "es"]
    page = await server.http.get("/reset-password?lang=es")
    assert '<html lang="es"' in page.text
    assert 'hreflang="en"' in page.text
    spanish = await server.http.post("/login", json={}, headers={"Accept-Language": "es"})
    assert spanish.headers["content-language"] == "es"


async def test_a_key_before_the_activation_link_and_an_address_at_the_first_sign_in(family: Family, post: Post) -> None:
    # "You will be required to enter your student's student ID and date of birth to obtain your personal code."
    answer = await family.ask(birth_date="2014-05-07")
    assert (answer.status_code, await post.deliver()) == (202, [])
    assert (await family.ask()).json() == answer.json()
    mail = await post.one()
    assert mail.to == HOME
    maria = Owner.of(family.office.visitor(family.guardians[0], key_in(mail)), post)
    # "All users logging into the Portal for the first time are prompted to enter a recovery email."
    assert (await maria.activate()).json()["next_steps"] == ["set_recovery_email"]
    assert (await maria.on_another_device().sign_in()).json()["next_steps"] == ["set_recovery_email"]
    assert (await maria.set_address(ADDRESS)).status_code == 202
    assert await maria.next_steps() == ["confirm_recovery_email"]
    # "Users with an invalid email address will be unable to finish the password recovery process."
    await post.deliver()
    await maria.ask_for_reset()
    assert await post.deliver() == []
    # "Once a recovery email has been entered, users will be able to reset their password at any time."
    await maria.own_address()
    assert await maria.next_steps() == []
    assert await maria.reset_link()


async def test_forgot_password_and_forgot_username(jackson: Office, post: Post) -> None:
    maria = await new_owner(jackson, post)
    # "Enter your username, Submit. Check your email for a unique URL which needs to be selected to move on to the next step."
    token = await maria.reset_link()
    assert (await maria.reset(token)).status_code == 204
    assert refused(await maria.reset(token)) == (410, "reset_link_invalid"), "the URL is used up"
    assert (await maria.on_another_device().sign_in()).status_code == 200
    # "Enter your security email, Submit. Check your email for information about your username and the URL."
    await post.deliver()
    assert (await maria.ask_for_usernames(ADDRESS)).status_code == 202
    mail = await post.one(RESET)
    assert mail.usernames == [maria.username]
    assert (await maria.reset(mail.token(), f"{NEW_PASSWORD} again")).status_code == 204


@sqlite_only
async def test_after_a_few_missed_attempts_you_will_see_a_captcha(jackson: Office, post: Post) -> None:
    maria = await new_owner(jackson, post)
    assert await guess(maria, 5) == [INVALID] * 3 + [ASKED] * 2
    assert refused(await maria.sign_in()) == ASKED
    # "Enter your username, password, and CAPTCHA to gain access."
    assert (await maria.sign_in(captcha=await new_captcha(maria))).status_code == 200


@sqlite_only
async def test_if_you_do_not_see_the_options_your_district_has_not_turned_this_on(
    jackson: Office, server: Server, post: Post
) -> None:
    maria = await new_owner(jackson, post)
    await jackson.set("features.password_reset=false", "features.username_recovery=false", "features.key_request=false")
    features = (await server.http.get("/districts/jackson")).json()["features"]
    assert not any(features[name] for name in ("password_reset", "username_recovery", "key_request"))
    for answer in (await maria.ask_for_reset(), await maria.ask_for_usernames(ADDRESS)):
        assert refused(answer) == (403, "feature_disabled")
    # "Your school can reset your password."
    dana = await at_desk(jackson)
    account = await jackson.account_id(maria)
    assert (await dana.ask("POST", f"/admin/accounts/{account}/reset", json={"method": "key"})).status_code == 200


@sqlite_only
async def test_why_can_i_not_see_all_of_my_children(jackson: Office, clock: ManualClock) -> None:
    # "The relationship recorded between you and your child needs to be set up to include Portal access. Your school manages this."
    maria = await jackson.parent("Maria Lopez", children=["Ana Lopez"])
    await jackson.relate(maria.person_id, await jackson.student("Ben Lopez"), portal=False)
    gone = await jackson.student("Eve Lopez")
    await jackson.relate(maria.person_id, gone)
    await jackson.end(gone)
    assert (await maria.activate()).status_code == 201
    shown = (await maria.ask("GET", "/me/students", params={"explain": True})).json()
    assert [child["first_name"] for child in shown["items"]] == ["Ana"]
    assert shown["hidden"] == {"portal_off": 1, "left_roster": 1}
    # "If you are a student, make sure you are using Campus Student."
    elsewhere = await maria.on_another_device().sign_in(portal=Portal.STUDENT)
    assert refused(elsewhere) == (401, "invalid_credentials")
    # "The activation key sent to you by your district" is not for ever.
    late = await jackson.parent("Late Lopez")
    clock.advance(timedelta(days=90))
    assert refused(await late.verify()) == (410, "activation_key_expired")


@sqlite_only
async def test_linking_is_currently_only_available_in_nc_and_de(server: Server, jackson: Office) -> None:
    places = {"wake": "NC", "dover": "DE"}
    offices = [jackson, *[await Office.open(server, place, place.title(), state) for place, state in places.items()]]
    offered = {}
    for each in offices:
        parent = await each.parent()
        assert (await parent.activate()).status_code == 201
        offered[each.district] = (await parent.ask("GET", "/districts/link")).json()["available"]
    assert offered == {"jackson": False, "wake": True, "dover": True}
