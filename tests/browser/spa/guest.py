"""Somebody with the front end open."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.visitor import Visitor

_TAB = "campus.session"


@dataclass
class Guest(Visitor):
    async def is_told(self, text: str) -> None:
        """Of a refusal, at once: the summary above the form has the focus."""
        await expect(self.page.get_by_role("alert").filter(has_text=text)).to_be_visible()
        await expect(self.page.locator(".problem:visible")).to_be_focused()

    async def is_told_at(self, label: str, text: str) -> None:
        """Of a fault of one field, in words that belong to the field."""
        field = self.page.get_by_label(label, exact=True)
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description(re.compile(re.escape(text)))

    async def follow(self, link: str) -> None:
        await self.page.get_by_role("link", name=link).first.click()

    async def sign_in(self, username: str, password: str) -> None:
        await self.type("Username", username)
        await self.type("Password", password)
        await self.press("Sign in")

    async def signs_in(self, district: str, username: str, password: str, *, lands_on: str = "My children") -> None:
        await self.open(f"/d/{district}")
        await self.sign_in(username, password)
        await self.is_led_to(lands_on)

    async def choose_new_password(self, password: str, again: str | None = None) -> None:
        await self.type("New password", password)
        await self.type("The same password once more", password if again is None else again)

    async def duplicate_tab(self) -> Page:
        """As the browser does it: a new tab of the same address with a copy of what the tab remembers."""
        page = await self.page.context.new_page()
        self.watch(page)
        kept = await self.page.evaluate(f"sessionStorage.getItem('{_TAB}')")
        await page.goto("/mark.svg")
        await page.evaluate(f"kept => sessionStorage.setItem('{_TAB}', kept)", kept)
        await page.goto(self.page.url)
        return page

    async def tokens(self) -> dict[str, Any]:
        kept: dict[str, Any] = await self.page.evaluate(f"JSON.parse(sessionStorage.getItem('{_TAB}') ?? '{{}}')")
        return kept
