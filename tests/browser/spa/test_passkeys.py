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

    async def is_strange(self, *, strange: bool) -> None:
        await self._browser.send("WebAuthn.setUserVerified", {**self._authenticator, "isUserVerified": not strange})

    async def receives(self, passkey: dict[str, Any]) -> None:
        """From its owner's other device."""
        await self._browser.send("WebAuthn.addCredential", {**self._authenticator, "credential": passkey})

    async def keeps(self) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = (await self._browser.send("WebAuthn.getCredentials", self._authenticator))[
            "credentials"
        ]
        return kept


_ONLY_A_BUTTON = (
    "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false"
)
"""A browser that offers nothing while somebody types."""


async def test_a_passkey_is_added_used_renamed_and_removed(come: Come, maria: User) -> None:
    here = await come()
    await here.page.add_init_script(_ONLY_A_BUTTON)
    finger = await Finger.of(here)
    await here.signs_in("jackson", "maria2026", maria.password)
    await here.follow("My account")
    await here.follow("Passkeys")
    await here.is_led_to("Passkeys")
    await here.press("Add a passkey on this device")
    await here.type("Current password", maria.password)
    await here.press("Confirm")
    await here.sees("Chrome, Linux")
    (kept,) = await finger.keeps()
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    await here.press("Add a passkey on this device")
    await here.is_told("This device already has a passkey for your account.")

    await here.press("Sign out")
    await here.is_led_to("Sign in")
    await finger.is_strange(strange=True)
    await here.press("Sign in with a passkey")
    await here.is_told("No passkey was used.")
    await finger.is_strange(strange=False)
    await here.press("Sign in with a passkey")
    await here.is_led_to("My children")

    await here.open("/account/passkeys")
    await here.press("Rename: Chrome, Linux")
    await here.type("Name", "Kitchen computer")
    await here.press("Save")
    await here.sees("Kitchen computer")
    results = await Axe().run(here.page)
    assert results.response["violations"] == []

    there = await come()
    await (await Finger.of(there)).receives(kept)
    await there.open("/d/jackson")  # the browser offers it below the username, and somebody touches it
    await there.is_led_to("My children")

    await here.press("Remove: Kitchen computer")
    await here.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await here.press("Use a passkey")
    await expect(here.page.locator(".rows")).to_have_count(0)
    await there.press("Sign out")
    await there.is_told("This passkey does not open an account here.")
