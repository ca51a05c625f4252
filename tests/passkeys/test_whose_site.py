"""To which domain passkeys belong, and which front ends and apps may ask for them."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.clock import ManualClock
from app.settings import Settings, SettingsError, load_settings
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.passkeys import Phone, begin, register, sign_in, step_up
from tests.support.portal import Server, refused, serving

SHA256 = "AB:" * 31 + "CD"
ANDROID = "android:apk-key-hash:" + base64.urlsafe_b64encode(bytes([0xAB] * 31 + [0xCD])).decode().rstrip("=")


@pytest.fixture
async def published(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """A service at a public domain, with an app for Android."""
    app = {
        "product": "campus-parent",
        "platform": "android",
        "min_version": "5",
        "latest_version": "5",
        "store_url": "https://store.example",
        "package_name": "org.example.parent",
        "certificate_sha256": [SHA256],
    }
    changes = {"public_url": "https://accounts.example.org", "passkey_domain": "example.org", "apps": [app]}
    async with serving(Settings.model_validate({**settings.model_dump(), **changes}), clock) as server:
        yield server


@pytest.mark.parametrize(
    ("variables", "domain"),
    [
        ({}, "localhost"),
        ({"CAMPUS_PUBLIC_URL": "http://[::1]:8000"}, "localhost"),
        ({"CAMPUS_PUBLIC_URL": "https://accounts.example.org/api"}, "accounts.example.org"),
        ({"CAMPUS_PUBLIC_URL": "https://accounts.example.org", "CAMPUS_PASSKEY_DOMAIN": "example.org"}, "example.org"),
    ],
)
def test_passkeys_belong_to_the_services_own_domain_unless_its_operator_says_otherwise(
    variables: dict[str, str], domain: str
) -> None:
    assert load_settings(variables).passkey_rp_id == domain


@pytest.mark.parametrize(
    "text", ["https://example.org", "example.org:443", "Example.org", "10.0.0.7", "a..b", "x" * 64]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="CAMPUS_PASSKEY_DOMAIN: "):
        load_settings({"CAMPUS_PASSKEY_DOMAIN": text})


@sqlite_only
async def test_the_operators_own_apps_may_ask_and_no_other(published: Server) -> None:
    maria = await (await Office.open(published)).parent()
    assert (await maria.activate()).status_code == 201
    await step_up(maria)
    assert (await begin(maria))["rp"]["id"] == "example.org"
    phone = await register(maria, Phone(ANDROID))
    assert (await sign_in(maria.on_another_device(), phone)).status_code == 200
    apple = replace(phone, origin="https://example.org")
    assert (await sign_in(maria.on_another_device(), apple)).status_code == 200
    for origin in (ANDROID[:-1] + "A", "https://accounts.example.org", "http://example.org"):
        stranger = replace(phone, origin=origin)
        assert refused(await sign_in(maria.on_another_device(), stranger)) == (403, "passkey_invalid")


@sqlite_only
async def test_front_ends_on_other_domains_are_named_for_browsers(published: Server) -> None:
    """Those on the domain or below it need nothing; what only looks like it does."""
    where = "/.well-known/webauthn"
    assert refused(await published.http.get(where)) == (404, "not_found")
    jackson = await Office.open(published)
    oconee = await Office.open(published, "oconee", "Oconee County Schools")
    shared = "https://portal.jackson.example.com"
    await jackson.set(f"origins={shared},https://example.org,https://portal.example.org")
    await oconee.set(f"origins={shared},https://notexample.org")
    answer = await published.http.get(where)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"origins": ["https://notexample.org", shared]}
