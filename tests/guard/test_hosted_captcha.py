"""Turnstile, hCaptcha and reCAPTCHA stand before the door where an operator chose one, and learn nothing of who comes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.clock import ManualClock, SystemClock
from app.settings import Settings, SettingsError, load_settings
from tests.guard.door import ADDRESS, INVALID, REQUIRED, Door, door_behind, lose_patience
from tests.guard.provider import SECRET, SITE_KEY, Mood, Provider, open_provider
from tests.guard.stranger import WRONG
from tests.support.office import Office
from tests.support.portal import refused, serving
from tests.support.processes import server_processes
from tests.support.shell import Shell

ALL = ("turnstile", "hcaptcha", "recaptcha")
only_turnstile = pytest.mark.parametrize("provider", ["turnstile"], indirect=True)
only_hcaptcha = pytest.mark.parametrize("provider", ["hcaptcha"], indirect=True)
only_recaptcha = pytest.mark.parametrize("provider", ["recaptcha"], indirect=True)
MARK = "Plant3dM4rk"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine will do: what is spent is stored as for ALTCHA."""
    return sqlite_url


@pytest.fixture(params=ALL)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    async with open_provider(request.param) as provider:
        yield provider


@pytest.fixture
async def door(settings: Settings, clock: ManualClock, provider: Provider) -> AsyncIterator[Door]:
    async with door_behind(provider, settings, clock) as door:
        yield door


async def test_a_refusal_and_the_route_for_it_bring_what_the_widget_needs(door: Door, provider: Provider) -> None:
    widget = {"site_key": SITE_KEY, "action": "login", "cdata": "jackson"}
    answer = await door.knock()
    assert refused(answer) == REQUIRED
    assert answer.json()["captcha"] == {"provider": provider.name, "challenge": widget}
    fresh = await door.server.http.get("/captcha?district=jackson&action=login")
    assert fresh.json() == {"provider": provider.name, "challenge": widget}


async def test_whoever_solved_it_gets_in_with_the_right_password(door: Door, provider: Provider) -> None:
    answer = await door.knock(provider.solve(await door.challenge()))
    assert answer.json()["status"] == "signed_in"
    assert (await door.knock()).is_success, "the count ended"


async def test_a_wrong_response_is_refused_and_brings_a_challenge_for_the_next_try(
    door: Door, provider: Provider
) -> None:
    before = await door.server.hashes_computed()
    answer = await door.knock("made-up")
    assert refused(answer) == INVALID
    assert answer.json()["captcha"]["provider"] == provider.name
    assert await door.server.hashes_computed() == before, "no password was verified"


async def test_a_response_counts_once(door: Door, provider: Provider) -> None:
    response = provider.solve(await door.challenge())
    assert refused(await door.knock(response, password=WRONG)) == (401, "invalid_credentials")
    assert refused(await door.knock(response)) == INVALID


@only_turnstile
async def test_a_response_counts_once_although_the_provider_forgot_it(door: Door, provider: Provider) -> None:
    provider.mood = Mood.FORGETS
    response = provider.solve(await door.challenge())
    assert refused(await door.knock(response, password=WRONG)) == (401, "invalid_credentials")
    assert refused(await door.knock(response)) == INVALID
    assert (await door.knock(provider.solve(await door.challenge()))).is_success


@pytest.mark.parametrize("provider", ["turnstile", "recaptcha"], indirect=True)
async def test_what_was_solved_to_get_a_mail_opens_no_account(door: Door, provider: Provider) -> None:
    """As far as providers say what it was solved for: hCaptcha does not."""
    assert refused(await door.knock(provider.solve(await door.challenge("password_reset")))) == INVALID


@only_turnstile
async def test_what_was_solved_in_one_district_opens_no_account_of_another(door: Door, provider: Provider) -> None:
    await Office.open(door.server, "franklin", "Franklin County Schools")
    assert refused(await door.knock(provider.solve(await door.challenge(district="franklin")))) == INVALID


@only_recaptcha
async def test_recaptcha_gives_people_high_scores(door: Door, provider: Provider) -> None:
    assert refused(await door.knock(provider.solve(await door.challenge(), score=0.3))) == INVALID
    assert (await door.knock(provider.solve(await door.challenge(), score=0.5))).is_success


@only_hcaptcha
async def test_hcaptcha_gives_people_low_scores(door: Door, provider: Provider) -> None:
    """It denotes malicious activity, where reCAPTCHA's denotes a person."""
    assert refused(await door.knock(provider.solve(await door.challenge(), score=0.9))) == INVALID
    assert (await door.knock(provider.solve(await door.challenge(), score=0.0))).is_success


async def test_the_provider_learns_nothing_of_the_visitor(door: Door, provider: Provider) -> None:
    response = provider.solve(await door.challenge())
    await door.knock(response)
    (form,), (request,) = provider.forms, provider.seen
    assert form == {"secret": [SECRET], "response": [response], "sitekey": [SITE_KEY]}
    known = [ADDRESS, door.maria.username, "Maria", "Lopez", "jackson", "campus.test"]
    assert [word for word in known if word.encode().lower() in request.lower()] == []


@only_turnstile
async def test_a_response_that_is_too_long_to_be_one_is_not_sent(door: Door, provider: Provider) -> None:
    assert refused(await door.knock("x" * 20_000)) == (422, "validation_failed")
    assert provider.seen == []


@only_turnstile
async def test_the_secret_stands_in_no_refusal_and_no_log(
    settings: Settings, provider: Provider, tmp_path: Path
) -> None:
    """Whether the provider answers or fails; neither does the response."""
    async with serving(settings, SystemClock()) as server:
        office = await Office.open(server)
        maria = await office.parent()
        await maria.activate()
        await lose_patience(office, maria)
    body = {"district": "jackson", "portal": "parent", "username": maria.username, "password": maria.password}
    written = []
    chosen = settings.model_copy(update={**provider.settings(), "log_level": "DEBUG"})
    with server_processes(chosen, tmp_path) as (process,):
        async with httpx.AsyncClient(base_url=process.url) as http:
            for provider.mood, refusal in ((Mood.WORKS, INVALID), (Mood.FAILS, REQUIRED)):
                answer = await http.post("/login", json={**body, "captcha": f"{MARK}-{provider.mood}"})
                assert refused(answer) == refusal
                written += [answer.text, str(answer.headers)]
            written.append((await http.get("/metrics")).text)
    written.append(process.log.read_text())
    assert "captcha_provider_down" in written[-1]
    assert [text for text in written if SECRET in text or MARK in text] == []


@pytest.mark.parametrize("name", ALL)
def test_a_hosted_provider_wants_a_key_and_a_secret(name: str) -> None:
    both = {"CAMPUS_CAPTCHA_SECRET": SECRET, "CAMPUS_CAPTCHA_SITE_KEY": SITE_KEY}
    chosen = {"CAMPUS_CAPTCHA_PROVIDER": name}
    for missing in (list(both), *([variable] for variable in both)):
        with pytest.raises(SettingsError) as refusal:
            load_settings(chosen | {variable: value for variable, value in both.items() if variable not in missing})
        assert [fault.partition(":")[0] for fault in refusal.value.faults] == missing
        assert SECRET not in str(refusal.value)
    assert SECRET not in repr(load_settings(chosen | both))


def test_a_server_without_them_does_not_start(tmp_path: Path, sqlite_url: str) -> None:
    shell = Shell(tmp_path, {"CAMPUS_DATABASE_URL": sqlite_url, "CAMPUS_CAPTCHA_PROVIDER": "hcaptcha"})
    _, complaint = shell.refused("serve")
    assert "CAMPUS_CAPTCHA_SITE_KEY" in complaint
    assert "CAMPUS_CAPTCHA_SECRET" in complaint
