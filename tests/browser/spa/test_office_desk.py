"""The help desk in the browser: an authenticator, a search, what helps, and a key across the counter."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.clock import ManualClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.browser.spa.guest import Guest
from tests.support.authenticator import Authenticator, set_up
from tests.support.desk import give_role
from tests.support.office import Office
from tests.support.portal import User

KEY = re.compile(r"^[0-9A-Z]{5}(-[0-9A-Z]{5}){4}$")


@pytest.fixture
async def hugo(office: Office) -> User:
    """With an account and no authenticator yet."""
    person = await office.staff_member("Hugo Park")
    await give_role(office, person, StaffRole.HELP_DESK)
    hugo = await office.user(person, Portal.STAFF)
    assert (await hugo.activate()).status_code == 201
    return hugo


def fresh_code(app: Authenticator, clock: ManualClock) -> str:
    """After a while, for each code works once."""
    clock.advance(timedelta(minutes=1))
    return app.next_code()


async def arrives(guest: Guest, hugo: User, app: Authenticator, clock: ManualClock) -> None:
    await guest.open("/d/jackson")
    await guest.follow("For staff")
    await guest.is_led_to("Sign in")
    await guest.sign_in(hugo.username, hugo.password)
    await guest.is_led_to("One more step")
    await guest.type("Code", app.wrong_code())
    await guest.press("Sign in")
    await guest.is_told("code")
    await guest.type("Code", fresh_code(app, clock))
    await guest.press("Sign in")
    await guest.is_led_to("Welcome, Hugo")


async def test_an_authenticator_is_set_up_with_a_picture_and_codes_for_paper(
    guest: Guest, hugo: User, clock: ManualClock
) -> None:
    await guest.open("/d/jackson?portal=staff")
    await guest.sign_in(hugo.username, hugo.password)
    await guest.is_led_to("Welcome, Hugo")
    await guest.follow("Authenticator app")
    await guest.press("Set it up")
    await guest.is_led_to("Scan this picture")
    await expect(guest.page.get_by_role("img", name="Picture for the authenticator app")).to_be_visible()
    secret = str(await guest.page.locator("code").text_content()).replace(" ", "")
    await guest.type("Code", Authenticator(secret, clock).next_code())
    await guest.press("Confirm the first code")
    await guest.is_led_to("Your authenticator is set up")
    await expect(guest.page.locator(".codes li")).to_have_count(10)
    await guest.follow("Continue")
    await guest.is_led_to("Help desk")


async def test_the_desk_finds_out_why_and_helps(guest: Guest, hugo: User, maria: User, clock: ManualClock) -> None:
    app = await set_up(hugo)
    for _ in range(11):
        await maria.sign_in(password="wrong")
    await arrives(guest, hugo, app, clock)
    await guest.follow("Help desk")
    await guest.type("Who is it?", "lopez maria")
    await guest.press("Find")
    await guest.follow("Maria Lopez")
    await guest.is_led_to("Maria Lopez")
    await guest.sees("Ana Lopez")
    await guest.press("Switch off")
    await guest.page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    await guest.sees("The account is switched off.")
    await guest.press("Switch on")
    await guest.sees("What helps")
    await expect(guest.page.get_by_role("status")).to_have_text("The account is switched on.")

    await guest.press("Start over with a new key")
    dialog = guest.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Code")).to_be_focused()
    await dialog.get_by_label("Code").fill(fresh_code(app, clock))
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(dialog).to_have_count(0)
    await guest.page.get_by_label("I have looked at a photo ID").check()
    await guest.press("Start over with a new key")
    await guest.is_led_to("The new key")
    await expect(guest.page.locator(".big-key")).to_have_text(KEY)


async def test_a_key_for_somebody_without_an_account(
    guest: Guest, hugo: User, office: Office, clock: ManualClock
) -> None:
    app = await set_up(hugo)
    await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await arrives(guest, hugo, app, clock)
    await guest.open("/office?q=rosa")
    await guest.sees("Has a key and has not used it")
    await guest.follow("Issue a key")
    await guest.is_led_to("Issue a key")
    await guest.page.get_by_role("radio", name="Letter").check()
    await guest.press("Issue a key")
    await guest.page.get_by_role("dialog").get_by_label("Code").fill(fresh_code(app, clock))
    await guest.page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    await guest.is_led_to("The key is on its way")
    await guest.open("/office?q=nobody")
    await guest.sees("Nobody found")
