"""Somebody who opens a mailed link in a browser."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

_REFUSALS = "Failed to load resource: the server responded with a status of 4"
"""Chromium's line for each answer of the service that is a refusal, and wanted."""


@dataclass
class Visitor:
    page: Page
    service: str = ""
    """Where else its pages may ask: the service behind a front end of another origin."""
    elsewhere: str = ""
    """Pages of somebody else on the way, who may ask whom and complain of what they like."""
    requests: list[str] = field(default_factory=list)
    """Method and path of everything that the page asked of the service."""
    complaints: list[str] = field(default_factory=list)
    """What the browser wrote into its console, and what was asked of anybody else."""

    @classmethod
    async def arrive(cls, browser: Browser, home: str, *, service: str = "", **options: Any) -> Self:
        """A new window. Whatever its pages do is watched."""
        context: BrowserContext = await browser.new_context(base_url=home, **{"locale": "en-US", **options})
        context.set_default_timeout(10_000)
        visitor = cls(await context.new_page(), service)
        visitor.watch(visitor.page)
        return visitor

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._follow)

    async def leave(self) -> None:
        await self.page.context.close()

    async def open(self, address: str) -> None:
        await self.page.goto(address)

    async def press(self, button: str) -> None:
        await self.page.get_by_role("button", name=button, exact=True).click()

    async def type(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    async def choose_password(self, password: str, again: str | None = None, *, label: str = "New password") -> None:
        await self.type(label, password)
        await self.type(f"{label}, once more", password if again is None else again)

    async def is_led_to(self, heading: str) -> None:
        """The heading is there, and whoever listens to the page is told of it."""
        place = self.page.get_by_role("heading", name=heading)
        await expect(place).to_be_visible()
        await expect(place).to_be_focused()

    async def is_told(self, text: str) -> None:
        """Of a problem, at once: the summary has the focus."""
        await expect(self.page.get_by_role("alert")).to_contain_text(text)
        await expect(self.page.locator("#problem")).to_be_focused()

    async def sees(self, text: str) -> None:
        await expect(self.page.locator("main")).to_contain_text(text)

    async def rules(self) -> dict[str, bool]:
        """The rules of the password that are shown, and whether each is met."""
        lines = await self.page.locator("#password-rules li:visible").all()
        return {
            str(await line.locator("span").first.text_content()): "met" in str(await line.get_attribute("class"))
            for line in lines
        }

    async def must_scroll_sideways(self) -> bool:
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def asked(self, path: str) -> int:
        """How often the page posted there."""
        return self.requests.count(f"POST {path}")

    def _hear(self, message: ConsoleMessage) -> None:
        if self._is_elsewhere():
            return
        if message.type in {"error", "warning"} and not message.text.startswith(_REFUSALS):
            self.complaints.append(message.text)

    def _follow(self, request: Request) -> None:
        asked, welcome = urlsplit(request.url), {urlsplit(place).netloc for place in (self.page.url, self.service)}
        if request.is_navigation_request() or asked.netloc in welcome:
            self.requests.append(f"{request.method} {asked.path}")
        elif not self._is_elsewhere():
            self.complaints.append(f"asked {request.url}")

    def _is_elsewhere(self) -> bool:
        return bool(self.elsewhere) and self.page.url.startswith(self.elsewhere)
