"""Signing in by the district's own provider: a real one, in a process of its own, in a real browser."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.async_api import expect

from app.clock import ManualClock, SystemClock
from app.portals import Portal
from app.services.clerk import StaffRole
from tests.browser.spa.guest import Guest
from tests.sso.people import name_in_roster, with_sso
from tests.sso.real_provider import RealProvider, real_provider
from tests.support.authenticator import set_up
from tests.support.desk import give_role
from tests.support.office import Office


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    with real_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture(autouse=True)
async def sso(office: Office, origin: str, provider: RealProvider, guest: Guest, clock: ManualClock) -> None:
    """The provider's clock is that of this machine, so ours stands there, too."""
    clock.moment = SystemClock().now()
    guest.elsewhere = provider.issuer
    await guest.page.route("https://**", lambda route: route.fulfill(body=""))  # where its style sheet would be
    await with_sso(office, provider.issuer, app=f"{origin}/sso")


async def leaves_for(guest: Guest, provider: RealProvider, subject: str) -> None:
    """The button, and the provider's page."""
    await guest.press("Sign in with Google")
    await guest.page.wait_for_url(f"{provider.issuer}/**")
    await guest.page.get_by_placeholder("sub").fill(subject)
    await guest.page.get_by_role("button", name="Authorize").click()


async def test_a_student_without_a_key_is_signed_in_by_the_school(
    guest: Guest, office: Office, provider: RealProvider, origin: str
) -> None:
    ben = await office.student("Ben Lopez", number="0123456")
    await name_in_roster(office, ben, sourced_id="sis-ben")
    provider.knows("ben", sourced_id="sis-ben")
    await guest.open("/d/jackson")
    await guest.page.get_by_role("radio", name="Student").check()
    await leaves_for(guest, provider, "ben")
    await guest.page.wait_for_url(f"{origin}/children")
    tokens = await guest.tokens()
    assert tokens["account"]["username"] == "S0123456"
    assert await guest.page.evaluate("sessionStorage.getItem('campus.sso')") is None
    await guest.open("/account/activity")
    await guest.sees("Signed in by your district's sign-in")
    # Back, or a reload of the address with its code: nothing happens twice.
    await guest.press("Sign out")
    await guest.open("/sso?code=made-up&state=made-up")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("You are not signed in")


async def test_somebody_whom_the_school_does_not_know_is_told_so_in_her_language(
    guest: Guest, provider: RealProvider
) -> None:
    await guest.open("/d/jackson")
    await leaves_for(guest, provider, "stranger")
    await guest.sees("The school's records do not know you in this portal.")
    await guest.press("Español")
    await guest.follow("Volver a iniciar sesión")
    await expect(guest.page.get_by_role("button", name="Iniciar sesión con Google")).to_be_visible()


async def test_a_member_of_staff_types_the_code_of_her_authenticator(
    guest: Guest, office: Office, provider: RealProvider, clock: ManualClock
) -> None:
    person = await office.staff_member("Dana Reed")
    await give_role(office, person, StaffRole.DISTRICT_ADMIN)
    await name_in_roster(office, person, sourced_id="sis-dana")
    dana = await office.user(person, Portal.STAFF)
    assert (await dana.activate()).status_code == 201
    app = await set_up(dana)
    clock.advance(timedelta(seconds=30))
    provider.knows("dana", sourced_id="sis-dana")
    await guest.open("/d/jackson?portal=staff")
    await leaves_for(guest, provider, "dana")
    await guest.sees("Six digits from your authenticator app")
    await guest.type("Code", app.wrong_code())
    await guest.press("Sign in")
    await guest.is_told("The code is wrong")
    await guest.type("Code", app.next_code())
    await guest.press("Sign in")
    await guest.page.wait_for_url("**/welcome")
