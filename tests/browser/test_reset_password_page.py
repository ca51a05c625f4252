"""A parent who forgot her password opens the link of her mail."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.clock import ManualClock
from tests.browser.conftest import Arrive
from tests.browser.visitor import Visitor
from tests.support.office import Office
from tests.support.portal import User

NEW = "Three green kites 7"
BROKEN = "This link does not work"


async def test_she_chooses_a_new_password_and_signs_in_with_it(visitor: Visitor, maria: User, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.is_led_to("Your account: ma*****26")
    await visitor.choose_password(NEW)
    await visitor.press("Set the new password")
    await visitor.is_led_to("Your new password is set")
    assert (await maria.me()).status_code == 401
    assert (await maria.sign_in()).status_code == 401
    assert (await maria.sign_in(password=NEW)).status_code == 200


async def test_the_address_bar_forgets_the_link_at_once(visitor: Visitor, reset_link: str) -> None:
    await visitor.open(reset_link)
    await expect(visitor.page.get_by_role("button", name="Continue")).to_be_visible()
    assert "#" not in visitor.page.url
    assert await visitor.page.evaluate("history.length") == 2
    await visitor.page.go_back()
    await visitor.page.go_forward()
    assert "#" not in visitor.page.url


async def test_nothing_is_asked_before_she_presses_a_button(visitor: Visitor, reset_link: str) -> None:
    """Programs that look for malware open links, and some of them run scripts."""
    await visitor.open(reset_link)
    await expect(visitor.page.get_by_role("button", name="Continue")).to_be_visible()
    await visitor.page.wait_for_load_state("networkidle")
    assert [request for request in visitor.requests if not request.startswith("GET ")] == []


async def test_a_list_of_the_rules_follows_what_she_types(visitor: Visitor, office: Office, reset_link: str) -> None:
    await office.set(*(f"password_policy.{rule}" for rule in ("min_length=10", "alphanumeric=true", "strong=true")))
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.is_led_to("Your account:")
    length, mixed = "At least 10 characters", "A letter and a digit"
    kinds = "Three of these: a lower-case letter, an upper-case letter, a digit, a symbol"
    twice = "To be typed twice, the same both times"
    assert await visitor.rules() == {length: False, mixed: False, kinds: False, twice: False}
    await visitor.choose_password("kite7", "kite")
    assert await visitor.rules() == {length: False, mixed: True, kinds: False, twice: False}
    await visitor.choose_password("kite7 kite7")
    assert await visitor.rules() == {length: True, mixed: True, kinds: True, twice: True}
    await visitor.choose_password("ñandú ÑANDÚ")
    assert await visitor.rules() == {length: True, mixed: False, kinds: True, twice: True}


async def test_what_the_service_refuses_is_said_at_the_field(visitor: Visitor, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.choose_password("short", "other")
    await visitor.press("Set the new password")
    await visitor.is_told("There is a problem")
    await visitor.is_told("Use at least 8 characters.")
    field, again = (visitor.page.locator(f"#{name}") for name in ("password", "password_confirm"))
    await expect(field).to_have_attribute("aria-invalid", "true")
    rule_and_fault = re.compile(r"At least 8 characters.*Use at least 8 characters\.$")
    await expect(field).to_have_accessible_description(rule_and_fault)
    await expect(again).to_have_accessible_description("The two passwords are not the same.")
    await visitor.page.get_by_role("link", name="The two passwords are not the same.").click()
    await expect(again).to_be_focused()
    assert "#" not in visitor.page.url
    await visitor.choose_password(NEW)
    await visitor.press("Set the new password")
    await visitor.is_led_to("Your new password is set")
    await expect(visitor.page.get_by_role("alert")).to_be_hidden()


async def test_the_earlier_password_is_refused_and_the_link_still_works(
    visitor: Visitor, maria: User, reset_link: str
) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.choose_password(maria.password)
    await visitor.press("Set the new password")
    await visitor.is_told("There is a problem")
    await visitor.choose_password(NEW)
    await visitor.press("Set the new password")
    await visitor.is_led_to("Your new password is set")


async def test_two_clicks_are_one(visitor: Visitor, maria: User, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.page.get_by_role("button", name="Continue").dblclick()
    await visitor.choose_password(NEW)
    await visitor.page.get_by_role("button", name="Set the new password").dblclick()
    await visitor.is_led_to("Your new password is set")
    assert visitor.asked("/password-reset/check") == 1
    assert visitor.asked("/password-reset/confirm") == 1
    assert (await maria.sign_in(password=NEW)).status_code == 200


async def test_it_can_be_done_with_the_keyboard_alone(visitor: Visitor, maria: User, reset_link: str) -> None:
    press, typed = visitor.page.keyboard.press, visitor.page.keyboard.type
    await visitor.open(reset_link)
    await expect(visitor.page.get_by_role("button", name="Continue")).to_be_visible()
    await press("Tab")
    await press("Enter")
    await visitor.is_led_to("Your account:")
    await press("Tab")
    await typed("short")
    await press("Enter")
    await visitor.is_told("Use at least 8 characters.")
    await press("Tab")
    await press("Enter")
    await expect(visitor.page.get_by_label("New password", exact=True)).to_be_focused()
    await press("Control+a")
    await typed(NEW)
    await press("Tab")
    await typed(NEW)
    await press("Tab")
    await press("Space")
    await expect(visitor.page.get_by_label("New password", exact=True)).to_have_attribute("type", "text")
    await press("Tab")
    await press("Space")
    await visitor.is_led_to("Your new password is set")
    assert (await maria.sign_in(password=NEW)).status_code == 200


async def test_a_password_can_be_looked_at_and_hidden_again(visitor: Visitor, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    button = visitor.page.get_by_role("button", name="Show password")
    for pressed, kind in (("true", "text"), ("false", "password")):
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", pressed)
        for label in ("New password", "New password, once more"):
            await expect(visitor.page.get_by_label(label, exact=True)).to_have_attribute("type", kind)


@pytest.mark.parametrize("fragment", ["", "#", "#token=", "#key=cml_abc"])
async def test_half_an_address_is_told_from_a_link_that_does_not_work(visitor: Visitor, fragment: str) -> None:
    await visitor.open(f"/reset-password{fragment}")
    await visitor.is_led_to(BROKEN)
    await visitor.sees("The address is not complete.")


async def test_a_wrong_link_says_how_to_get_a_right_one(visitor: Visitor) -> None:
    await visitor.open("/reset-password#token=cml_wrong%22%3E%3Cb%3E")
    await visitor.press("Continue")
    await visitor.is_led_to(BROKEN)
    await visitor.sees("Forgot password")


async def test_a_link_works_once(arrive: Arrive, reset_link: str) -> None:
    for password, outcome in ((NEW, "Your new password is set"), ("Four red kites 8", BROKEN)):
        visitor = await arrive()
        await visitor.open(reset_link)
        await visitor.press("Continue")
        if outcome != BROKEN:
            await visitor.choose_password(password)
            await visitor.press("Set the new password")
        await visitor.is_led_to(outcome)


async def test_a_link_that_expires_while_she_thinks_says_so(
    visitor: Visitor, clock: ManualClock, reset_link: str
) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.choose_password(NEW)
    clock.advance(timedelta(minutes=31))
    await visitor.press("Set the new password")
    await visitor.is_led_to(BROKEN)
    await visitor.sees("This link has expired, was used, or a newer mail has replaced it.")


async def test_a_newer_link_opened_in_the_same_tab_counts(visitor: Visitor, reset_link: str) -> None:
    await visitor.open("/reset-password#token=cml_old")
    await visitor.press("Continue")
    await visitor.is_led_to(BROKEN)
    async with visitor.page.expect_navigation(wait_until="load"):
        await visitor.page.evaluate("link => location.assign(link)", reset_link)
    await visitor.press("Continue")
    await visitor.is_led_to("Your account: ma*****26")


async def test_without_a_connection_nothing_is_lost(visitor: Visitor, maria: User, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.press("Continue")
    await visitor.choose_password(NEW)
    await visitor.page.context.set_offline(offline=True)
    await visitor.press("Set the new password")
    await visitor.is_told("The service cannot be reached.")
    await visitor.page.context.set_offline(offline=False)
    await visitor.press("Set the new password")
    await visitor.is_led_to("Your new password is set")
    assert (await maria.sign_in(password=NEW)).status_code == 200
    visitor.complaints = [each for each in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in each]
