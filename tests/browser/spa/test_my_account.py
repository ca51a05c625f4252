"""What somebody does who is signed in: districts, devices, password, and what happened to her account."""

from collections.abc import Sequence

import pytest
from playwright.async_api import expect

from tests.browser.spa.conftest import Come
from tests.browser.spa.guest import Guest
from tests.support.authenticator import Authenticator
from tests.support.office import Office
from tests.support.portal import User


async def home_in(office: Office, district: str, state: str, username: str, children: Sequence[str]) -> User:
    elena = await (await Office.open(office.server, district, f"{district.title()} Schools", state)).parent(
        "Elena Garcia", children=children
    )
    elena.username = username
    assert (await elena.activate()).status_code == 201
    return elena


@pytest.fixture
async def elena(office: Office) -> tuple[User, User]:
    """With a daughter in North Carolina and a son in Delaware."""
    return (
        await home_in(office, "wake", "NC", "elena1", ["Sofia Garcia"]),
        await home_in(office, "kent", "DE", "elena2", ["Mateo Garcia"]),
    )


async def test_two_districts_are_linked_switched_and_taken_apart(come: Come, elena: tuple[User, User]) -> None:
    wake, kent = elena
    here, there = await come(), await come()
    await here.signs_in("wake", wake.username, wake.password, lands_on="Welcome, Elena")
    await there.signs_in("kent", kent.username, kent.password, lands_on="Welcome, Elena")
    await here.follow("Districts")
    await here.press("Show a code")
    await here.is_led_to("Your code")
    code = await here.page.locator(".big-key").text_content()
    await there.follow("Districts")
    await there.type("Code", "AAAA-AAAA")
    await there.press("Link the accounts")
    await there.is_told("code")
    await there.type("Code", str(code).lower().replace("-", " "))
    await there.press("Link the accounts")
    await there.sees("Wake Schools")
    await expect(there.page.get_by_role("status")).to_have_text("The accounts are linked.")
    await there.follow("My children")
    await there.is_led_to("My children")
    for child in ("Sofia Garcia", "Mateo Garcia"):
        await there.sees(child)
    await there.follow("Districts")
    await there.press("Switch")
    await there.is_led_to("My children")
    await expect(there.page.get_by_role("banner")).to_contain_text("Wake Schools")
    await there.follow("Districts")
    await there.press("Unlink")
    await there.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await there.press("Unlink")
    await there.page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    await expect(there.page.locator(".rows")).to_have_count(0)


async def test_what_cannot_be_done_any_more_is_said_beside_its_button(come: Come, maria: User) -> None:
    here, there = await come(), await come(user_agent="Mozilla/5.0 (iPhone) Safari/604.1")
    for guest in (here, there):
        await guest.signs_in("jackson", "maria2026", maria.password)
    await here.open("/account/sessions")
    await expect(here.page.get_by_role("button", name="Sign out: Safari, iPhone")).to_be_visible()
    await there.press("Sign out")
    await there.is_led_to("Sign in")
    await here.press("Sign out: Safari, iPhone")
    await here.is_told("This is not there, or not any more.")


async def test_a_district_without_linking_says_so(guest: Guest, maria: User) -> None:
    await guest.signs_in("jackson", "maria2026", maria.password)
    await guest.follow("Districts")
    await guest.sees("This district does not offer linking.")


async def test_another_device_is_signed_out_and_the_password_changed(come: Come, maria: User) -> None:
    here, there = await come(), await come(user_agent="Mozilla/5.0 (iPhone) Safari/604.1")
    for guest in (here, there):
        await guest.signs_in("jackson", "maria2026", maria.password)
    await here.follow("My account")
    await here.follow("Where you are signed in")
    await here.is_led_to("Where you are signed in")
    await expect(here.page.locator(".rows li").first).to_contain_text("This device")
    await here.press("Sign out: Safari, iPhone")
    await expect(here.page.get_by_role("button", name="Sign out: Safari, iPhone")).to_have_count(0)
    await there.follow("My account")
    await there.is_led_to("Sign in")

    await here.open("/account/password")
    await here.type("Current password", "wrong")
    await here.choose_new_password("seven green kites", "seven green kite")
    await here.press("Change password")
    await expect(here.page.locator(".problem:visible")).to_be_focused()
    await here.type("Current password", maria.password)
    await here.choose_new_password("seven green kites")
    await here.press("Change password")
    await here.is_led_to("Your password is changed")
    await here.follow("Back to my account")
    await here.follow("Security activity")
    await here.sees("Password changed")
    await here.sees("Safari, iPhone")


async def test_a_parent_sets_up_an_authenticator_app_and_turns_it_off(guest: Guest, maria: User) -> None:
    await guest.signs_in("jackson", "maria2026", maria.password)
    await guest.open("/account/authenticator")
    await guest.press("Set it up")
    secret = str(await guest.page.locator(".hint code").text_content()).replace(" ", "")
    app = Authenticator(secret, maria.server.campus.clock)
    await guest.type("Code", app.next_code())
    await guest.press("Confirm the first code")
    await guest.is_led_to("Your authenticator is set up")
    code = str(await guest.page.locator(".codes code").first.text_content())
    await guest.open("/account/authenticator")
    await guest.sees("Unused recovery codes: 10.")
    await guest.press("Turn it off")
    await guest.page.get_by_role("dialog").get_by_role("button", name="Turn it off").click()
    await guest.type("Code", code)
    await guest.press("Confirm")
    await expect(guest.page.get_by_role("button", name="Set it up")).to_be_visible()


async def test_a_child_who_is_not_shown_is_explained(guest: Guest, office: Office) -> None:
    parent = await office.parent()
    await office.relate(parent.person_id, await office.student("Eva Lopez"), portal=False)
    await parent.activate()
    await guest.signs_in("jackson", parent.username, parent.password, lands_on="Welcome, Maria")
    await guest.follow("Not now")
    await guest.sees("Students who are not shown: 1.")


async def test_a_page_that_is_not_there_is_said_so(guest: Guest) -> None:
    await guest.open("/nowhere")
    await guest.sees("The address may be incomplete")
    await guest.open("/d/nowhere")
    await guest.sees("This school district does not use this portal")
