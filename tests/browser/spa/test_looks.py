"""Small screens, other languages, other eyes: every page of the front end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.spa.conftest import Come
from tests.browser.spa.guest import Guest
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True}
SCREENS: dict[str, tuple[dict[str, Any], str]] = {
    "dark phone": ({**PHONE, "color_scheme": "dark", "reduced_motion": "reduce"}, "es"),
    "from right to left": (PHONE, "ar"),
    "desktop": ({"viewport": {"width": 1200, "height": 800}}, "es"),
    "large letters": ({"viewport": {"width": 320, "height": 256}}, "ru"),
}
"""The last is a desktop at 400 % (WCAG 1.4.10)."""

OPEN = (
    "/",
    "/d/jackson",
    "/d/jackson/new-user",
    "/d/jackson/claim",
    "/d/jackson/ask-for-key",
    "/d/jackson/ask-office",
    "/d/jackson/forgot-password",
    "/nowhere",
)
MINE = (
    "/welcome",
    "/children",
    "/districts",
    "/account",
    "/account/email",
    "/account/password",
    "/account/sessions",
    "/account/passkeys",
    "/account/authenticator",
    "/account/activity",
)


async def pages(guest: Guest, maria: User, clerk: User) -> AsyncIterator[str]:
    """Leads through the pages, and to a refusal; gives a name where somebody may stop to read."""
    for address in OPEN:
        await guest.open(address)
        await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        yield address
    await guest.open("/d/jackson")
    await guest.page.locator("[type=submit]").click()
    await expect(guest.page.locator(".problem")).to_be_focused()
    yield "a refusal"
    for member, addresses in (
        (maria, MINE),
        (clerk, (f"/office/accounts/{maria.session['account']['id']}", "/office?q=lopez")),
    ):
        await become(guest, member)
        for address in addresses:
            await guest.open(address)
            await expect(guest.page.get_by_role("navigation").first).to_be_visible()
            yield address


async def become(guest: Guest, member: User) -> None:
    """This tab holds the member's session, as it would after a sign-in."""
    held = {
        "family": "told",
        "accessToken": member.session["access_token"],
        "refreshToken": member.session["refresh_token"],
        "account": member.session["account"],
        "nextSteps": member.session["next_steps"],
    }
    await guest.page.evaluate("held => sessionStorage.setItem('campus.session', JSON.stringify(held))", held)


@pytest.mark.parametrize("screen", SCREENS)
async def test_everything_fits_and_nothing_is_in_anybodys_way(
    come: Come, office: Office, maria: User, screen: str
) -> None:
    """`axe` knows the rules of WCAG that a program can check: contrast, names, roles, order."""
    await office.set("features.claim=true", "features.key_request=true", "key_request.fields=birth_date")
    clerk = await at_desk(office)
    options, language = SCREENS[screen]
    guest = await come(**options)
    await guest.open(f"/?language={language}")
    await guest.page.evaluate("tag => localStorage.setItem('campus.language', tag)", language)
    async for state in pages(guest, maria, clerk):
        assert not await guest.must_scroll_sideways(), state
        assert await guest.page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        found = await Axe().run(guest.page)
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"
        assert await small_targets(guest) == [], state


async def small_targets(guest: Guest) -> list[str]:
    """What a thumb would miss: less than 44 pixels high, unless it stands within a line of text."""
    found: list[str] = await guest.page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=checkbox]), select, nav a, .button, .door, .ways a")]
          .filter(target => target.checkVisibility() && target.getBoundingClientRect().height < 43.9)
          .map(target => target.outerHTML.slice(0, 80))"""
    )
    return found


@pytest.mark.usefixtures("maria")
async def test_nothing_jumps_while_a_page_comes(guest: Guest) -> None:
    """Measured as browsers measure it: the sum of unexpected shifts of the layout."""
    await guest.page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver(list => list.getEntries().forEach(entry => { if (!entry.hadRecentInput) window.shifts += entry.value; }))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    for address in ("/", "/d/jackson", "/d/jackson/new-user"):
        await guest.open(address)
        await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        await guest.page.wait_for_timeout(200)
        assert await guest.page.evaluate("window.shifts") < 0.01, address
