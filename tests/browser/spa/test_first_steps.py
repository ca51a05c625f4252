"""A parent finds her district, reads its news, turns her key into an account and sees her children."""

import re
from datetime import date

import pytest
from playwright.async_api import expect

from app.services.office.announcements import Notice
from tests.browser.conftest import ADDRESS
from tests.browser.mailbox import Mailbox
from tests.browser.spa.conftest import Come
from tests.browser.spa.guest import Guest
from tests.support.office import Office
from tests.support.portal import User

PASSWORD = "three green kites 7"


@pytest.fixture
async def newcomer(office: Office) -> User:
    return await office.parent()


async def test_a_district_is_found_while_it_is_typed(guest: Guest, office: Office) -> None:
    await office.campus.district_office.add(
        district_id="jackpot", name="Jackpot ISD", state="NV", timezone="America/New_York"
    )
    await office.campus.announcements.publish(
        office.operator,
        Notice(
            "New here?",
            "The key is in the letter.",
            [{"label": "How to", "url": "https://example.org"}],
            date(2026, 7, 1),
        ),
    )
    await guest.open("/")
    await guest.page.get_by_role("searchbox", name="District or city").press_sequentially("jack", delay=20)
    found = guest.page.locator(".districts li")
    await expect(found).to_have_count(2)
    await expect(guest.page.get_by_role("status")).to_have_text("Districts found: 2")
    await guest.type("District or city", "jackson")
    await guest.follow("Jackson County Schools")
    await guest.is_led_to("Sign in")
    await guest.sees("The key is in the letter.")
    await guest.sees("July 1, 2026")
    await expect(guest.page.get_by_role("link", name="706-555-0110")).to_have_attribute("href", "tel:7065550110")
    assert guest.requests.count("GET /districts") <= 3


async def test_the_language_at_the_bottom_is_that_of_every_answer(guest: Guest) -> None:
    await guest.open("/d/jackson")
    await guest.type("Username", "nadie1")
    await guest.type("Password", "bad")
    await guest.press("Español")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    await expect(guest.page.locator("html")).to_have_attribute("lang", "es")
    await expect(guest.page.get_by_role("button", name="Español")).to_be_focused()
    await expect(guest.page.get_by_label("Nombre de usuario")).to_have_value("nadie1")
    await expect(guest.page.get_by_label("Contraseña", exact=True)).to_have_value("")
    await guest.type("Contraseña", "mal")
    await guest.press("Iniciar sesión")
    await guest.is_told("El nombre de usuario o la contraseña")
    await guest.page.reload()
    await expect(guest.page.locator("html")).to_have_attribute("lang", "es")


async def test_only_the_words_that_are_read_are_loaded_and_the_browser_chooses_them(come: Come) -> None:
    guest = await come(locale="zh-TW")
    loaded: list[str] = []
    guest.page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    await guest.open("/d/jackson")
    await expect(guest.page.locator("html")).to_have_attribute("lang", "zh-Hant")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("登入")
    assert [name.partition("-")[0] for name in loaded if name.startswith(("ar-", "es-", "ru-", "vi-"))] == []
    await guest.press("العربية")
    await expect(guest.page.locator("html")).to_have_attribute("dir", "rtl")
    assert [name for name in loaded if name.startswith("ar-")] != []


async def test_where_the_words_do_not_come_english_stands_in(come: Come) -> None:
    guest = await come(locale="vi-VN")
    await guest.page.route("**/assets/vi-*", lambda route: route.abort())
    await guest.open("/d/jackson")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    guest.complaints.clear()


async def test_a_pasted_key_becomes_an_account_and_shows_the_children(
    guest: Guest, newcomer: User, mailbox: Mailbox
) -> None:
    await guest.open("/d/jackson")
    await guest.follow("New user")
    await guest.is_led_to("New user")
    await guest.page.get_by_label("Activation key").focus()
    await guest.page.evaluate(
        """text => {
          const data = new DataTransfer(); data.setData("text", text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        f" {newcomer.key.lower().replace('-', ' ')} ",
    )
    await expect(guest.page.get_by_label("Activation key")).to_have_value(newcomer.key)
    await guest.press("Continue")
    await guest.is_led_to("Welcome, Maria")
    await guest.sees("Parent")
    await guest.type("Choose a username", "maria")
    await guest.choose_new_password("kites", "kite")
    await guest.type("Recovery e-mail (you may leave it out)", ADDRESS)
    await guest.press("Activate my account")
    await expect(guest.page.locator(".problem:visible")).to_be_focused()
    await guest.is_told_at("Choose a username", "digit")
    await guest.is_told_at("New password", "8")
    await guest.type("Choose a username", "maria2026")
    await guest.choose_new_password(PASSWORD)
    await guest.press("Activate my account")
    await guest.is_led_to("Welcome, Maria")
    await guest.follow("Enter the code")
    await guest.is_led_to("Recovery e-mail")
    await confirm_by_code(guest, mailbox)
    await guest.follow("Continue")
    await guest.is_led_to("My children")
    await guest.sees("Ana Lopez")
    await guest.sees("Ben Lopez")


async def test_who_gave_no_address_is_asked_for_one(guest: Guest, newcomer: User, mailbox: Mailbox) -> None:
    await newcomer.activate()
    await guest.signs_in("jackson", newcomer.username, newcomer.password, lands_on="Welcome, Maria")
    await guest.follow("Recovery e-mail")
    await guest.is_led_to("Recovery e-mail")
    await guest.type("Recovery e-mail", ADDRESS)
    await guest.type("Current password", "wrong")
    await guest.press("Send a code")
    await guest.is_told("current password")
    await guest.type("Current password", newcomer.password)
    await guest.press("Send a code")
    await guest.is_led_to("Enter the code")
    await confirm_by_code(guest, mailbox)
    await guest.page.goto("/account")
    await guest.sees("confirmed")


async def confirm_by_code(guest: Guest, mailbox: Mailbox) -> None:
    (code,) = set(re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", (await mailbox.mails(ADDRESS))[0].text))
    await guest.type("Code", code)
    await guest.press("Confirm")
    await guest.is_led_to("Your recovery e-mail is confirmed")


async def test_a_mailed_link_brings_the_key_and_the_address_bar_forgets_it(guest: Guest, newcomer: User) -> None:
    await guest.open(f"/activate?district=jackson#key={newcomer.key}")
    await expect(guest.page.get_by_label("Activation key")).to_have_value(newcomer.key)
    assert guest.page.url.endswith("/activate?district=jackson")
    assert guest.asked("/activate/verify") == 0
    await guest.press("Español")
    await expect(guest.page.get_by_label("Clave de activación")).to_have_value(newcomer.key)


async def test_a_wrong_key_is_explained_and_a_used_one_leads_on(guest: Guest, newcomer: User) -> None:
    await guest.open("/d/jackson/new-user")
    await guest.press("Continue")
    await guest.is_told("Something is missing.")
    await guest.is_told_at("Activation key", "Please fill in")
    await guest.type("Activation key", "AAAAA-BBBBB")
    await guest.press("Continue")
    await guest.is_told("This activation key is not known in this district.")
    await newcomer.activate()
    await guest.type("Activation key", newcomer.key)
    await guest.press("Continue")
    await guest.is_told("already been used")
    await guest.follow("Forgot username")
    await guest.is_led_to("Forgot username")
