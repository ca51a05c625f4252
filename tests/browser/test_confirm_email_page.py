"""The mail to a new recovery address leads to one button."""

from datetime import timedelta

from playwright.async_api import expect

from app.clock import ManualClock
from tests.browser.mailbox import Mailbox
from tests.browser.visitor import Visitor
from tests.support.portal import User

BROKEN = "This link does not work"


async def confirmation_link(maria: User, mailbox: Mailbox) -> str:
    body = {"email": "new@example.org", "current_password": maria.password}
    assert (await maria.ask("PUT", "/me/recovery-email", json=body)).status_code == 202
    return await mailbox.link("/confirm-email", to="new@example.org")


async def test_one_button_confirms_the_address(visitor: Visitor, maria: User, mailbox: Mailbox) -> None:
    link = await confirmation_link(maria, mailbox)
    await visitor.open(link)
    await expect(visitor.page.get_by_role("button", name="Confirm this address")).to_be_visible()
    assert "#" not in visitor.page.url
    assert visitor.asked("/recovery-email/confirm") == 0
    assert (await maria.me()).json()["recovery_email"] == {"address_masked": "n***@e***.org", "confirmed": False}
    await visitor.page.keyboard.press("Tab")
    await visitor.page.keyboard.press("Enter")
    await visitor.is_led_to("Your address is confirmed")
    assert (await maria.me()).json()["recovery_email"] == {"address_masked": "n***@e***.org", "confirmed": True}


async def test_two_clicks_are_one(visitor: Visitor, maria: User, mailbox: Mailbox) -> None:
    await visitor.open(await confirmation_link(maria, mailbox))
    await visitor.page.get_by_role("button", name="Confirm this address").dblclick()
    await visitor.is_led_to("Your address is confirmed")
    assert visitor.asked("/recovery-email/confirm") == 1


async def test_a_used_link_says_that_nothing_may_be_left_to_do(visitor: Visitor, maria: User, mailbox: Mailbox) -> None:
    link = await confirmation_link(maria, mailbox)
    for outcome in ("Your address is confirmed", BROKEN):
        await visitor.open("about:blank")
        await visitor.open(link)
        await visitor.press("Confirm this address")
        await visitor.is_led_to(outcome)
    await visitor.sees("If you have confirmed the address already, nothing is left to do.")


async def test_an_expired_link_says_how_to_get_another(
    visitor: Visitor, maria: User, mailbox: Mailbox, clock: ManualClock
) -> None:
    link = await confirmation_link(maria, mailbox)
    clock.advance(timedelta(hours=25))
    await visitor.open(link)
    await visitor.press("Confirm this address")
    await visitor.is_led_to(BROKEN)
    await visitor.sees("enter your address again")


async def test_half_an_address_says_so(visitor: Visitor) -> None:
    await visitor.open("/confirm-email")
    await visitor.is_led_to(BROKEN)
    await visitor.sees("The address is not complete.")
