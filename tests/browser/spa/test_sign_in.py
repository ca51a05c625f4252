"""Signing in, with all that may come between; staying signed in, and the end of it."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.clock import ManualClock
from tests.browser.conftest import ADDRESS
from tests.browser.mailbox import Mailbox
from tests.browser.spa.guest import Guest
from tests.support.office import Office
from tests.support.portal import User

TEN_MINUTES = timedelta(minutes=10, seconds=1)


@pytest.fixture
async def signed_in(guest: Guest, maria: User) -> Guest:
    await guest.signs_in("jackson", "maria2026", maria.password)
    return guest


async def test_after_three_misses_a_captcha_solves_itself(guest: Guest, maria: User) -> None:
    await guest.open("/d/jackson")
    for _ in range(3):
        await guest.sign_in("maria2026", "wrong")
        await guest.is_told("The username or the password is wrong.")
        await guest.press("Español")
        await guest.sees("¿Es su primera vez?")
        await guest.press("English")
        await guest.sees("First time here?")
    await guest.sign_in("maria2026", "wrong")
    await guest.is_told("not a robot")
    widget = guest.page.locator("altcha-widget")
    await expect(widget.get_by_text("Verified", exact=True)).to_be_visible()
    await guest.press("Sign in")
    await guest.is_told("The username or the password is wrong.")
    await expect(widget.get_by_text("Verified", exact=True)).to_be_visible()
    await guest.sign_in("maria2026", maria.password)
    await guest.is_led_to("My children")
    assert guest.asked("/login") == 6


async def test_everything_can_be_done_with_the_keyboard_alone(guest: Guest, maria: User) -> None:
    await guest.open("/d/jackson")
    await guest.sees("First time here?")
    keyboard = guest.page.keyboard
    await keyboard.press("Tab")
    await expect(guest.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await keyboard.press("Enter")
    await expect(guest.page.get_by_role("heading", level=1)).to_be_focused()
    await keyboard.press("Tab")
    await expect(guest.page.get_by_role("radio", name="Parent")).to_be_focused()
    await keyboard.press("ArrowRight")
    await expect(guest.page.get_by_role("radio", name="Student")).to_be_checked()
    await keyboard.press("ArrowLeft")
    await keyboard.press("Tab")
    await keyboard.type("maria2026")
    await keyboard.press("Tab")
    await keyboard.type(maria.password)
    await keyboard.press("Enter")
    await guest.is_led_to("My children")


async def test_an_expired_access_token_is_renewed_once_for_all_who_wait(signed_in: Guest, clock: ManualClock) -> None:
    page, before = signed_in.page, await signed_in.tokens()
    clock.advance(TEN_MINUTES)
    await page.evaluate("history.replaceState(null, '', '/account')")
    # Three pages at once: only the newest is shown, all of them ask.
    await page.evaluate("for (let i = 0; i < 3; i++) dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert signed_in.asked("/login/refresh") == 1
    assert (await signed_in.tokens())["accessToken"] != before["accessToken"]


async def test_duplicated_tabs_take_turns_and_stay_signed_in(signed_in: Guest, clock: ManualClock) -> None:
    here = signed_in.page
    there = await signed_in.duplicate_tab()
    await expect(there.get_by_role("heading", level=1)).to_have_text("My children")
    for _ in range(2):
        clock.advance(TEN_MINUTES)
        await asyncio.gather(*(tab.get_by_role("link", name="My account").click() for tab in (here, there)))
        for tab in (here, there):
            await expect(tab.get_by_role("heading", level=1)).to_have_text("My account")
            await tab.get_by_role("link", name="My children").click()
            await expect(tab.get_by_role("heading", level=1)).to_have_text("My children")
    assert signed_in.asked("/login/refresh") <= 4
    await signed_in.press("Sign out")
    await signed_in.is_led_to("Sign in")
    await expect(there.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_a_session_that_was_ended_elsewhere_leads_to_the_sign_in_and_says_so(
    signed_in: Guest, maria: User, office: Office
) -> None:
    await office.disable(maria)
    await signed_in.follow("My account")
    await signed_in.is_led_to("Sign in")
    await signed_in.sees("You are signed out. Please sign in again.")
    assert await signed_in.tokens() == {}
    await signed_in.sign_in("maria2026", maria.password)
    await signed_in.is_told("switched this account off")


async def test_a_reload_keeps_the_session_and_a_new_tab_has_none(signed_in: Guest) -> None:
    await signed_in.page.reload()
    await expect(signed_in.page.get_by_role("heading", level=1)).to_have_text("My children")
    other = await signed_in.page.context.new_page()
    await other.goto("/children")
    await expect(other.get_by_text("Please find your district and sign in first.")).to_be_visible()


async def test_a_shared_computer_remembers_nothing(guest: Guest, maria: User) -> None:
    await guest.open("/d/jackson")
    await guest.page.get_by_label("This is a shared computer").check()
    await guest.sign_in("maria2026", maria.password)
    await guest.is_led_to("My children")
    assert await guest.page.evaluate("Object.keys(localStorage).filter(key => !key.endsWith('language'))") == []
    await guest.page.goto("/account/sessions")
    await guest.sees("Shared computer")


async def test_a_lost_connection_is_said_in_words(guest: Guest, maria: User) -> None:
    await guest.open("/d/jackson")
    await guest.page.route("**/login", lambda route: route.abort())
    await guest.sign_in("maria2026", maria.password)
    await guest.is_told("The service cannot be reached.")
    await guest.page.unroute("**/login")
    await guest.press("Sign in")
    await guest.is_led_to("My children")
    guest.complaints.clear()


@pytest.mark.usefixtures("maria")
async def test_a_forgotten_password_is_chosen_anew_by_the_link_in_the_mail(guest: Guest, mailbox: Mailbox) -> None:
    await guest.open("/d/jackson")
    await guest.follow("Forgot password")
    await guest.is_led_to("Forgot password")
    await guest.type("Username", "maria2026")
    await guest.press("Send the mail")
    await guest.is_led_to("Look into your mailbox")
    await guest.open("about:blank")
    await guest.open(await mailbox.link("/reset-password", to=ADDRESS))
    await guest.sees("ma*****26")
    await guest.choose_new_password("four yellow ferries", "four yellow ferrys")
    await guest.press("Change password")
    await guest.is_told_at("The same password once more", "not the same")
    await guest.choose_new_password("four yellow ferries")
    await guest.press("Change password")
    await guest.is_led_to("Your password is changed")
    await guest.signs_in("jackson", "maria2026", "four yellow ferries")


async def test_a_forgotten_username_comes_by_mail(guest: Guest, maria: User, mailbox: Mailbox) -> None:
    await guest.open("/d/jackson")
    await guest.follow("Forgot username")
    await guest.type("Recovery e-mail", ADDRESS)
    await guest.press("Send the mail")
    await guest.is_led_to("Look into your mailbox")
    assert maria.username in (await mailbox.mails(ADDRESS))[0].text
