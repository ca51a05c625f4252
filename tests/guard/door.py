"""The door of a parent who typed a wrong password too many, with a hosted CAPTCHA before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from app.clock import ManualClock
from app.services.captchas import Captchas
from app.settings import Settings
from tests.guard.provider import Provider
from tests.guard.stranger import WRONG
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving

ADDRESS = "192.0.2.77"
"""Where she comes from."""
REQUIRED, INVALID = (403, "captcha_required"), (403, "captcha_invalid")


@dataclass(frozen=True)
class Door:
    """Maria's: every try wants a CAPTCHA."""

    server: Server
    office: Office
    maria: User

    async def knock(self, captcha: str | None = None, **changes: object) -> httpx.Response:
        return await self.maria.sign_in(**({"captcha": captcha} if captcha else {}), **changes)

    async def challenge(self, action: str = "login", district: str = "jackson") -> dict[str, Any]:
        """As the app gets it for its widget."""
        answer = await self.server.http.get("/captcha", params={"action": action, "district": district})
        return dict(answer.json()["challenge"])

    async def shut(self) -> None:
        """One wrong password more, without a CAPTCHA: the last one for now."""
        await lose_patience(self.office, self.maria)

    def forget_that_it_was_down(self) -> None:
        """As if nobody had asked the provider yet."""
        self._use(replace(self.server.campus.captchas))

    def use_watch(self) -> "Watch":
        """From now on the pause of a provider is measured with this one."""
        watch = Watch()
        self._use(replace(self.server.campus.captchas, now=watch))
        return watch

    def _use(self, captchas: Captchas) -> None:
        campus = self.server.campus
        guard = replace(campus.guard, captchas=captchas)
        self.server.app.state.campus = replace(campus, captchas=captchas, guard=guard)


@dataclass
class Watch:
    """It runs only when a test turns it."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@asynccontextmanager
async def door_behind(provider: Provider, settings: Settings, clock: ManualClock) -> AsyncIterator[Door]:
    async with serving(settings.model_copy(update=provider.settings()), clock) as server:
        office = await Office.open(server)
        maria = await office.parent()
        await maria.activate()
        await lose_patience(office, maria)
        async with server.at(ADDRESS) as http:
            yield Door(server, office, replace(maria, server=replace(server, http=http)))


async def lose_patience(office: Office, user: User) -> None:
    """In this district one wrong password is one too many."""
    await office.set("captcha.threshold=1")
    assert refused(await user.sign_in(password=WRONG)) == (401, "invalid_credentials")
