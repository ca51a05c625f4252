"""A parent with a letter or a mail of her school, and no app, turns her key into an account."""

import pytest
from playwright.async_api import expect

from app.portals import Portal
from tests.browser.conftest import ADDRESS, Arrive
from tests.browser.mailbox import Mailbox
from tests.browser.visitor import Visitor
from tests.support.office import Office
from tests.support.portal import User

PASSWORD = "Three green kites 7"


@pytest.fixture
async def newcomer(office: Office) -> User:
    newcomer = await office.parent()
    newcomer.username, newcomer.password = "maria2026", PASSWORD
    return newcomer


@pytest.fixture
def link(newcomer: User) -> str:
    return f"/activate?district={newcomer.district}#key={newcomer.key}"


async def fill_in(visitor: Visitor, *, username: str = "maria2026", recovery_email: str = "") -> None:
    await visitor.type("Username", username)
    await visitor.choose_password(PASSWORD, label="Password")
    await visitor.type("Recovery e-mail address (you may leave it out)", recovery_email)


async def test_the_key_of_the_link_becomes_an_account(visitor: Visitor, newcomer: User, link: str) -> None:
    await visitor.open(link)
    await expect(visitor.page.get_by_label("Activation key")).to_have_value(newcomer.key)
    assert visitor.page.url.endswith(f"/activate?district={newcomer.district}")
    assert visitor.asked("/activate/verify") == 0
    await visitor.press("Continue")
    await visitor.is_led_to("Welcome, Maria")
    await visitor.sees("parents and guardians")
    await visitor.sees("4 to 32 letters and digits")
    await fill_in(visitor)
    await visitor.press("Activate my account")
    await visitor.is_led_to("Your account is ready")
    await visitor.sees("Your username: maria2026")
    await expect(visitor.page.get_by_text("We have sent you a mail.")).to_be_hidden()
    assert (await newcomer.sign_in()).status_code == 200


async def test_nobody_stays_signed_in_on_the_page(visitor: Visitor, newcomer: User, link: str) -> None:
    """It has no use for the session, and shows and keeps none of its tokens."""
    await visitor.open(link)
    await visitor.press("Continue")
    await fill_in(visitor)
    await visitor.press("Activate my account")
    await visitor.is_led_to("Your account is ready")
    await newcomer.sign_in()
    assert len(await newcomer.sessions()) == 1
    assert await visitor.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


async def test_the_key_may_be_typed_from_the_letter(visitor: Visitor, newcomer: User) -> None:
    await visitor.open(f"/activate?district={newcomer.district}")
    await visitor.type("Activation key", newcomer.key.lower().replace("-", " "))
    await visitor.press("Continue")
    await visitor.is_led_to("Welcome, Maria")


async def test_a_mistyped_key_is_said_at_its_field(visitor: Visitor, newcomer: User) -> None:
    await visitor.open(f"/activate?district={newcomer.district}")
    await visitor.type("Activation key", "AAAAA-AAAAA")
    await visitor.press("Continue")
    wrong = "This activation key is not known in this district."
    await visitor.is_told(wrong)
    await visitor.page.get_by_role("link", name=wrong).click()
    field = visitor.page.get_by_label("Activation key")
    await expect(field).to_be_focused()
    assert wrong in str(await field.evaluate("field => document.getElementById(field.id + '-fault').textContent"))


async def test_a_taken_username_is_said_at_its_field_and_the_key_is_still_good(
    visitor: Visitor, office: Office, maria: User
) -> None:
    newcomer = await office.parent("Rosa Diaz", children=["Eva Diaz"])
    await visitor.open(f"/activate?district={newcomer.district}#key={newcomer.key}")
    await visitor.press("Continue")
    await fill_in(visitor, username=maria.username.upper())
    await visitor.press("Activate my account")
    await visitor.is_told("Somebody in this district already has this username.")
    await expect(visitor.page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    await fill_in(visitor, username="rosa2026")
    await visitor.press("Activate my account")
    await visitor.is_led_to("Your account is ready")


async def test_a_recovery_address_gets_a_mail_which_confirms_it(
    visitor: Visitor, newcomer: User, mailbox: Mailbox, link: str
) -> None:
    await visitor.open(link)
    await visitor.press("Continue")
    await fill_in(visitor, recovery_email=ADDRESS)
    await visitor.press("Activate my account")
    await visitor.is_led_to("Your account is ready")
    await visitor.sees("Open it and confirm your recovery e-mail address.")
    await visitor.open(await mailbox.link("/confirm-email"))
    await visitor.press("Confirm this address")
    await visitor.is_led_to("Your address is confirmed")
    await newcomer.sign_in()
    assert (await newcomer.me()).json()["recovery_email"]["confirmed"] is True


async def test_an_address_that_is_none_is_said_at_its_field(visitor: Visitor, link: str) -> None:
    await visitor.open(link)
    await visitor.press("Continue")
    await fill_in(visitor, recovery_email="maria at example")
    await visitor.press("Activate my account")
    await visitor.is_told("There is a problem")
    await expect(visitor.page.get_by_label("Recovery e-mail")).to_have_attribute("aria-invalid", "true")


async def test_if_only_the_answer_is_lost_pressing_again_is_no_second_use_of_the_key(
    visitor: Visitor, newcomer: User, link: str
) -> None:
    await visitor.open(link)
    await visitor.press("Continue")
    await fill_in(visitor)
    await lose_one_answer(visitor)
    await visitor.press("Activate my account")
    await visitor.is_told("The service cannot be reached.")
    await visitor.press("Activate my account")
    await visitor.is_led_to("Your account is ready")
    assert (await newcomer.sign_in()).status_code == 200


async def lose_one_answer(visitor: Visitor) -> None:
    """The service does what it is asked, but the connection breaks before the browser hears of it."""
    await visitor.page.evaluate(
        """() => {
            const ask = window.fetch;
            window.fetch = async (...words) => {
                window.fetch = ask;
                await ask(...words);
                throw new TypeError("Failed to fetch");
            };
        }"""
    )


async def test_a_used_key_says_what_to_do(visitor: Visitor, maria: User) -> None:
    await visitor.open(f"/activate?district={maria.district}#key={maria.key}")
    await visitor.press("Continue")
    await visitor.is_told("This activation key has already been used")


async def test_a_key_that_brings_a_username_shows_it(visitor: Visitor, office: Office) -> None:
    member = await office.user(await office.staff_member("Ruth Gray"), Portal.STAFF)
    await office.name_key(member.person_id, "gray77")
    await visitor.open(f"/activate?district={office.district}#key={member.key}")
    await visitor.press("Continue")
    await visitor.sees("the portal for staff")
    await expect(visitor.page.get_by_label("Username")).to_have_value("gray77")


async def test_without_a_district_the_page_asks_for_nothing(arrive: Arrive) -> None:
    visitor = await arrive()
    await visitor.open("/activate#key=F7KQ2-9XWMA")
    await visitor.sees("does not say which school district")
    assert await visitor.page.get_by_role("textbox").count() == 0
