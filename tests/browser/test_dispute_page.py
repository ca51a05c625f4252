"""“It was not me”: the owner of the old address takes the account back."""

from tests.browser.conftest import ADDRESS
from tests.browser.mailbox import Mailbox
from tests.browser.visitor import Visitor
from tests.support.portal import User

BUTTON = "It was not me: protect my account"


async def notice_link(maria: User, mailbox: Mailbox) -> str:
    """Somebody with her session and her password sets another address, and the old one is told."""
    body = {"email": "thief@example.org", "current_password": maria.password}
    assert (await maria.ask("PUT", "/me/recovery-email", json=body)).status_code == 202
    return await mailbox.link("/dispute", to=ADDRESS)


async def test_one_button_protects_the_account_and_mails_a_way_back(
    visitor: Visitor, maria: User, mailbox: Mailbox
) -> None:
    await visitor.open(await notice_link(maria, mailbox))
    await visitor.sees("If it was you, close this page: nothing happens.")
    assert visitor.asked("/security/dispute") == 0
    assert (await maria.me()).status_code == 200
    await visitor.press(BUTTON)
    await visitor.is_led_to("Your account is protected")
    assert (await maria.me()).status_code == 401
    assert (await maria.sign_in()).is_client_error
    await visitor.open(await mailbox.link("/reset-password", to=ADDRESS))
    await visitor.press("Continue")
    await visitor.is_led_to("Your account: ma*****26")


async def test_with_the_keyboard_and_an_impatient_finger_it_happens_once(
    visitor: Visitor, maria: User, mailbox: Mailbox
) -> None:
    await visitor.open(await notice_link(maria, mailbox))
    await visitor.page.get_by_role("button", name=BUTTON).focus()
    for _ in range(3):
        await visitor.page.keyboard.press("Enter")
    await visitor.is_led_to("Your account is protected")
    assert visitor.asked("/security/dispute") == 1


async def test_a_used_link_points_to_the_newer_mail(visitor: Visitor, maria: User, mailbox: Mailbox) -> None:
    link = await notice_link(maria, mailbox)
    for outcome in ("Your account is protected", "This link does not work"):
        await visitor.open("about:blank")
        await visitor.open(link)
        await visitor.press(BUTTON)
        await visitor.is_led_to(outcome)
    await visitor.sees("open our newer mail and choose a new password")
