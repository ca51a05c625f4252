"""`make pictures`: photographs of the front end with the people of the demo, for README."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, async_playwright, expect

from app import migrate
from app.clock import SystemClock
from app.demo.districts import PASSWORD, TOTP_SECRET
from app.demo.fill import fill_demo
from app.settings import Settings
from tests.browser.conftest import FLAGS
from tests.browser.find_chromium import find_chromium
from tests.browser.live import listening
from tests.browser.spa.front_end import serving_front_end
from tests.browser.spa.guest import Guest
from tests.guard.stranger import solved
from tests.support.authenticator import STEP_S, code_at
from tests.support.served import free_port

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
LARGEST = 150_000
DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


async def find_a_district(guest: Guest) -> None:
    await guest.open("/")
    await guest.type("District or city", "county")
    await expect(guest.page.locator(".districts li")).to_have_count(3)


async def sign_in(guest: Guest) -> None:
    await guest.open("/d/jackson-ga")
    await guest.type("Username", "maria2026")
    await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()


async def see_the_children(guest: Guest) -> None:
    await guest.open("/d/jackson-ga?language=es")
    await guest.type("Nombre de usuario", "maria2026")
    await guest.type("Contraseña", PASSWORD)
    await guest.press("Iniciar sesión")
    await guest.is_led_to("Mis hijos")


async def help_somebody(guest: Guest) -> None:
    """Maria has typed a wrong password until she had to wait."""
    await guess(guest.service)
    await guest.open("/d/jackson-ga?portal=staff")
    await guest.sign_in("hugo2026", PASSWORD)
    step = int(SystemClock().now().timestamp()) // STEP_S
    await guest.type("Code", code_at(TOTP_SECRET, step))
    await guest.press("Sign in")
    await guest.is_led_to("Welcome, Hugo")
    await guest.open("/office?q=lopez+maria")
    await guest.follow("Maria Lopez")
    await guest.is_led_to("Maria Lopez")


async def guess(service: str, tries: int = 10) -> None:
    body = {"district": "jackson-ga", "portal": "parent", "username": "maria2026", "password": "blue river 42"}
    async with httpx.AsyncClient(base_url=service) as somewhere:
        for _ in range(tries):
            answer = (await somewhere.post("/login", json=body)).json()
            if "captcha" in answer:
                await somewhere.post("/login", json={**body, "captcha": solved(answer["captcha"])})


PICTURES = {
    "find-a-district": (DESK, find_a_district),
    "sign-in": (DESK, sign_in),
    "children": (PHONE, see_the_children),
    "help-desk": (DESK, help_somebody),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database, service = f"sqlite:///{folder}/campus.db", f"http://127.0.0.1:{free_port()}"
        settings = Settings.model_validate({"env": "dev", "database_url": database, "public_url": service})
        migrate.upgrade(settings)
        asyncio.run(photograph_all(settings))


async def photograph_all(settings: Settings) -> None:
    service = settings.public_url
    async with (
        listening(settings, SystemClock()) as server,
        serving_front_end(service) as origin,
        async_playwright() as playwright,
    ):
        await fill_demo(server.campus)
        await server.campus.district_office.set("jackson-ga", [f"origins={origin}"])
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS])
        FOLDER.mkdir(exist_ok=True)
        for name in PICTURES:
            await photograph(browser, origin, service, name)
        await browser.close()


async def photograph(browser: Browser, origin: str, service: str, name: str) -> None:
    screen, story = PICTURES[name]
    guest = await Guest.arrive(browser, origin, service=service, **screen)
    await guest.open("/")  # so that the letters are there
    await story(guest)
    await guest.page.mouse.move(0, 0)
    picture = await guest.page.screenshot(animations="disabled", caret="hide")
    assert len(picture) <= LARGEST, f"{name} is too large for a repository: {len(picture)} bytes"
    (FOLDER / f"{name}.png").write_bytes(picture)
    await guest.leave()


if __name__ == "__main__":
    main()
