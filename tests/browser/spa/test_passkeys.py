"""Passkeys in a real browser, with an authenticator of its own: added, used, renamed, removed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import CDPSession, expect

from tests.browser.spa.conftest import Come
from tests.browser.spa.front_end import serving_front_end
from tests.browser.spa.guest import Guest
from tests.support.portal import Server, User


@pytest.fixture
async def origin(server: Server) -> AsyncIterator[str]:
    """By its name: browsers tie passkeys to a domain, and take no address for one."""
    async with serving_front_end(server.campus.settings.public_url) as origin:
        yield origin.replace("127.0.0.1", "localhost")


class Finger:
    """The part of the device that knows its owner."""

    def __init__(self, browser: CDPSession, authenticator: str) -> None:
        self._browser = browser
        self._authenticator = {"authenticatorId": authenticator}

    @classmethod
    async def of(cls, guest: Guest) -> "Finger":
        browser = await guest.page.context.new_cdp_session(guest.page)
        await browser.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
        made = await browser.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return cls(browser, made["authenticatorId"])

    async def turns_away(self, *, away: bool) -> None:
        """While it does, requests wait for somebody."""
        await self._browser.send(
            "WebAuthn.setAutomaticPresenceSimulation", {**self._authenticator, "enabled": not away}
        )

    async def is_strange(self, *, strange: bool) -> None:
        await self._browser.send("WebAuthn.setUserVerified", {**self._authenticator, "isUserVerified": not strange})

    async def keeps(self) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = (await self._browser.send("WebAuthn.getCredentials", self._authenticator))[
            "credentials"
        ]
        return kept


async def test_a_passkey_is_added_used_renamed_and_removed(come: Come, maria: User) -> None:
    maria_here = await come()
    finger = await Finger.of(maria_here)
    await maria_here.signs_in("jackson", "maria2026", maria.password)
    await maria_here.follow("My account")
    await maria_here.follow("Passkeys")
    await maria_here.is_led_to("Passkeys")
    await maria_here.press("Add a passkey on this device")
    await maria_here.type("Current password", maria.password)
    await maria_here.press("Confirm")
    await maria_here.sees("Chrome, Linux")
    (kept,) = await finger.keeps()
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    await maria_here.press("Add a passkey on this device")
    await maria_here.is_told("This device already has a passkey for your account.")

    await finger.turns_away(away=True)
    await maria_here.press("Sign out")
    await maria_here.is_led_to("Sign in")
    await finger.turns_away(away=False)
    await finger.is_strange(strange=True)
    await maria_here.press("Sign in with a passkey")
    await maria_here.is_told("No passkey was used.")
    await finger.turns_away(away=True)
    await finger.is_strange(strange=False)
    await maria_here.open("/d/jackson")
    await maria_here.press("Sign in with a passkey")
    await finger.turns_away(away=False)
    await maria_here.is_led_to("My children")

    async with maria_here.page.expect_response("**/login/passkey"):
        await maria_here.press("Sign out")
    # The browser offered it below the username, and somebody touched it.
    await expect(maria_here.page.get_by_role("button", name="Sign out")).to_be_visible()

    await maria_here.open("/account/passkeys")
    await maria_here.press("Rename: Chrome, Linux")
    await maria_here.type("Name", "Kitchen computer")
    await maria_here.press("Save")
    await maria_here.sees("Kitchen computer")
    results = await Axe().run(maria_here.page)
    assert results.response["violations"] == []
    await maria_here.press("Remove: Kitchen computer")
    await maria_here.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await maria_here.press("Use a passkey")
    await expect(maria_here.page.locator(".rows")).to_have_count(0)
    await maria_here.press("Sign out")
    await maria_here.is_told("This passkey does not open an account here.")
