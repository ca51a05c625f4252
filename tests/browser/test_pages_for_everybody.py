"""Small screens, other languages, other eyes, no scripts: each page in each of its states."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from app.translation import PSEUDO
from tests.browser.conftest import ADDRESS, Arrive
from tests.browser.mailbox import Mailbox
from tests.browser.visitor import Visitor
from tests.support.office import Office
from tests.support.portal import User

PHONE = {"viewport": {"width": 360, "height": 640}}
SCREENS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "dark phone": {**PHONE, "color_scheme": "dark", "reduced_motion": "reduce"},
    "desktop": {"viewport": {"width": 1024, "height": 768}},
    "large letters": {"viewport": {"width": 320, "height": 256}},
}
"""The last is a desktop at 400 % (WCAG 1.4.10)."""
PAGES = ("/reset-password", "/confirm-email", "/dispute", "/activate?district=jackson")
RIGHT = {"username": "rosa2026", "password": "Three kites 7", "password_confirm": "Three kites 7"}
OFFICE = "support.phone=404-555-0100 extension 12, in the mornings"


async def states(visitor: Visitor, links: dict[str, str], language: str) -> AsyncIterator[str]:
    """Leads through every page; gives a name at each state in which somebody may stop to read."""
    submit = visitor.page.locator("form:visible [type=submit]")
    for page, link in links.items():
        address, _, secret = link.partition("#")
        separator = "&" if "?" in address else "?"
        await visitor.open(f"{address}{separator}lang={language}")
        yield f"{page}, half an address"
        await visitor.open("about:blank")
        await visitor.open(f"{address}{separator}lang={language}#{secret}")
        await expect(submit).to_be_visible()
        yield page
        await submit.click()
        if await visitor.page.locator("#choose").count():
            await expect(visitor.page.locator("#choose")).to_be_visible()
            await visitor.page.locator("#password").fill("kites")
            await submit.click()
            await expect(visitor.page.locator("#problem")).to_be_focused()
            yield f"{page}, refused"
            for field, text in RIGHT.items():
                if await (typed := visitor.page.locator(f"input#{field}")).count():
                    await typed.fill(text)
            await submit.click()
        await expect(visitor.page.locator("[data-part=done]")).to_be_visible()
        yield f"{page}, done"


@pytest.fixture
async def links(office: Office, maria: User, reset_link: str, mailbox: Mailbox) -> dict[str, str]:
    """One for each page, none of which ends another."""
    await office.set(OFFICE)
    rosa, ines = await office.parents(2)
    assert (await ines.activate(recovery_email="ines@example.org")).status_code == 201
    body = {"email": "new@example.org", "current_password": maria.password}
    assert (await maria.ask("PUT", "/me/recovery-email", json=body)).status_code == 202
    return {
        "activate": f"{office.campus.settings.public_url}/activate?district={rosa.district}#key={rosa.key}",
        "reset-password": reset_link,
        "confirm-email": await mailbox.link("/confirm-email", to="ines@example.org"),
        "dispute": await mailbox.link("/dispute", to=ADDRESS),
    }


@pytest.mark.parametrize(
    ("screen", "language"),
    [
        ("phone", "en"),
        ("phone", "ar"),
        ("dark phone", PSEUDO),
        ("desktop", "en"),
        ("large letters", "ru"),
        ("large letters", PSEUDO),
    ],
)
async def test_everything_fits_and_nothing_is_in_anybodys_way(
    arrive: Arrive, links: dict[str, str], screen: str, language: str
) -> None:
    """`axe` knows the rules of WCAG that a program can check: contrast, names, roles, order."""
    visitor = await arrive(**SCREENS[screen])
    seen = []
    async for state in states(visitor, links, language):
        assert not await visitor.must_scroll_sideways(), state
        found = await Axe().run(visitor.page)
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"
        seen.append(state)
    assert len(seen) == 14


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_targets_are_large_enough_for_a_thumb(arrive: Arrive, page: str) -> None:
    visitor = await arrive(**PHONE, has_touch=True)
    await visitor.open(f"{page}#token=cml_some&key=some")
    await expect(visitor.page.get_by_role("button")).not_to_have_count(0)
    for target in await visitor.page.locator("button:visible, input:visible, nav a").all():
        box = await target.bounding_box()
        assert box
        assert box["height"] >= 44


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_somebody_without_scripts_reads_what_to_do(arrive: Arrive, page: str) -> None:
    visitor = await arrive(java_script_enabled=False)
    await visitor.open(f"{page}#token=cml_some")
    await expect(visitor.page.locator("noscript p")).to_contain_text("This page needs JavaScript.")
    await expect(visitor.page.locator("noscript p")).to_be_visible()
    await expect(visitor.page.locator(".late, form, section").locator("visible=true")).to_have_count(0)


@pytest.mark.usefixtures("office")
async def test_where_the_script_does_not_come_the_same_advice_appears_by_itself(visitor: Visitor) -> None:
    await visitor.page.route("**/page.js", lambda route: route.abort())
    await visitor.open("/reset-password#token=cml_some")
    advice = visitor.page.locator(".late")
    await expect(advice).to_have_css("visibility", "hidden")
    await expect(advice).to_have_css("visibility", "visible")
    visitor.complaints.clear()


async def test_a_change_of_language_takes_the_link_along(visitor: Visitor, reset_link: str) -> None:
    await visitor.open(reset_link)
    await visitor.page.get_by_role("link", name="Español").click()
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "es")
    await expect(visitor.page).to_have_url(re.compile(r"/reset-password\?lang=es$"))
    await visitor.page.locator("#begin [type=submit]").click()
    await expect(visitor.page.locator("#choose h2")).to_contain_text("ma*****26")


async def test_the_service_answers_in_the_language_of_the_page(arrive: Arrive) -> None:
    """Whatever language the browser itself prefers."""
    visitor = await arrive(locale="fr-FR")
    async with visitor.page.expect_request("**/password-reset/check") as asked:
        await visitor.open("/reset-password?lang=es#token=cml_wrong")
        await visitor.page.locator("#begin [type=submit]").click()
    assert (await asked.value).headers["accept-language"] == "es"


async def test_the_tests_would_notice_what_the_policy_forbids(visitor: Visitor) -> None:
    """A script in the page, a style in the page, an answer of somebody else's."""
    await visitor.open("/reset-password")
    for forbidden in ("<style>p { color: red }</style>", '<img src="http://127.0.0.1:9/pixel.png">'):
        await visitor.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", forbidden)
    await visitor.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    await expect(visitor.page.locator("img")).to_have_count(1)
    told = " ".join(visitor.complaints)
    assert [word for word in ("style-src", "img-src", "script-src") if word not in told] == []
    visitor.complaints.clear()
