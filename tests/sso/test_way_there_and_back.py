"""Where a browser is sent, what it carries, and that nobody can finish in it what he began elsewhere."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.portals import Portal
from tests.sso.lying_provider import LyingProvider
from tests.sso.people import APP, Browser, at_app, outcome, query_of, with_sso
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, faults, refused

pytestmark = sqlite_only


async def test_the_browser_carries_its_sign_in_where_no_script_and_no_other_host_reads_it(
    ben: Browser, liar: LyingProvider
) -> None:
    answer = await ben.begin()
    [cookie] = answer.headers.get_list("set-cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-campus-sso-0=")
    assert {each.lower() for each in attributes} == {"httponly", "max-age=600", "path=/", "samesite=lax", "secure"}
    asked = query_of(answer.headers["location"])
    for secret in ("nonce", "state", "code_challenge"):
        assert len(asked[secret]) >= 43
        assert asked[secret] not in cookie
    assert asked["code_challenge"] != ben.challenge, "the app's challenge is the app's"
    assert asked["redirect_uri"] == "https://campus.test/login/sso/jackson/google/callback"
    back = await ben.come_back(liar.sign_in(answer.headers["location"], "ben", sourced_id="sis-ben"))
    assert 'campus-sso-0=""' in back.headers["set-cookie"]
    assert back.headers["referrer-policy"] == "no-referrer"
    assert back.headers["cache-control"] == "no-store"


async def test_nobody_finishes_in_another_browser_what_he_began_in_his_own(ben: Browser, liar: LyingProvider) -> None:
    """Login CSRF: the victim would be signed in as the attacker."""
    attacked = liar.sign_in(await ben.to_provider(), "ben", sourced_id="sis-ben")
    victim = Browser(ben.server, ben.district)
    assert refused(await victim.come_back(attacked)) == (410, "ticket_invalid")
    await victim.to_provider()
    assert refused(await victim.come_back(attacked)) == (410, "ticket_invalid")
    forged = attacked.replace(query_of(attacked)["state"], "a" * 43)
    assert refused(await ben.come_back(forged)) == (410, "ticket_invalid")
    without = attacked.replace(f"state={query_of(attacked)['state']}&", "")
    assert refused(await ben.come_back(without)) == (410, "ticket_invalid")
    ben.http.cookies.set("__Host-campus-sso-1", "made-up", domain="campus.test", path="/")
    assert "code" in await ben.finish(attacked)


async def test_each_attempt_ends_in_one_code_and_after_ten_minutes_in_none(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    """Even where the provider takes its code twice, with the same nonce."""
    url = await ben.to_provider()
    carried = dict(ben.http.cookies)
    assert "code" in await ben.finish(liar.sign_in(url, "ben", sourced_id="sis-ben"))
    ben.http.cookies.update(carried)
    again = await ben.come_back(liar.sign_in(url, "ben", sourced_id="sis-ben"))
    assert refused(again) == (410, "ticket_invalid")
    url = await ben.to_provider()
    clock.advance(timedelta(minutes=10))
    late = await ben.come_back(liar.sign_in(url, "ben", sourced_id="sis-ben"))
    assert refused(late) == (410, "ticket_invalid")


async def test_three_tabs_do_not_disturb_each_other(ben: Browser, liar: LyingProvider) -> None:
    ways = [await ben.to_provider() for _ in range(3)]
    for way in reversed(ways):
        assert "code" in await ben.finish(liar.sign_in(way, "ben", sourced_id="sis-ben"))
    assert not dict(ben.http.cookies)


async def test_an_app_gets_its_answer_at_an_address_of_the_districts_list_and_nowhere_else(
    ben: Browser, office: Office, liar: LyingProvider
) -> None:
    """Letter by letter: no beginning, no other case, no other port, nothing appended."""
    for other in (
        f"{APP}/",
        f"{APP}?a=b",
        f"{APP}#a",
        f"{APP}/../evil",
        APP.replace("portal.", "portal.evil."),
        APP.replace("https", "http"),
        APP.replace("/sso", ":8443/sso"),
        APP.upper(),
        APP.removesuffix("o"),
        "https://portal.example.org@evil.example.org/sso",
        "//portal.example.org/sso",
        "javascript:alert(1)",
        "org.example.portal:/sso",
    ):
        answer = await ben.begin(redirect_uri=other)
        assert ("/query/redirect_uri", "redirect_uri_unknown") in faults(answer), other
        assert not {"location", "set-cookie"} & answer.headers.keys()
    apps = "org.example.portal:/sso"
    await office.set(f"sso.redirect_uris={APP},{apps},{APP}?kind=web")
    for mine, begins in ((apps, f"{apps}?code="), (f"{APP}?kind=web", f"{APP}?kind=web&code=")):
        back = await ben.come_back(liar.sign_in(await ben.to_provider(redirect_uri=mine), "ben", sourced_id="sis-ben"))
        assert back.headers["location"].startswith(begins)
    url = await ben.to_provider(redirect_uri=apps)
    await office.set(f"sso.redirect_uris={APP}")
    assert refused(await ben.come_back(liar.sign_in(url, "ben", sourced_id="sis-ben"))) == (410, "ticket_invalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"code_challenge": "=" * 43},
        {"code_challenge_method": "plain"},
        {"portal": "door"},
        {"state": "x" * 300},
        {"prompt": "none"},
        {"provider": "Google"},
        {"redirect_uri": "x" * 501},
    ],
)
async def test_what_an_app_asks_wrong_leads_nowhere(ben: Browser, changes: dict[str, str]) -> None:
    answer = await ben.begin(**changes)
    assert refused(answer) == (422, "validation_failed")
    assert "location" not in answer.headers


async def test_public_facts_of_the_district_come_first(ben: Browser, office: Office, server: Server) -> None:
    """Who has no such provider, or has switched it off, sends nobody anywhere."""
    assert refused(await Browser(server, "nowhere").begin()) == (404, "district_not_found")
    assert ("/query/provider", "provider_unknown") in faults(await ben.begin(provider="entra"))
    await office.set("portals=parent")
    assert refused(await ben.begin()) == (403, "feature_disabled")
    await office.set("portals=parent,student", "features.sso=false")
    assert refused(await ben.begin()) == (403, "feature_disabled")


async def test_what_changes_while_somebody_is_at_the_provider_is_told_to_the_app(
    ben: Browser, office: Office, liar: LyingProvider, clock: ManualClock
) -> None:
    until = (clock.now() + timedelta(hours=1)).isoformat()
    for change, back, error in (
        ("features.sso=false", "features.sso=true", "feature_disabled"),
        ("portals=parent", "portals=parent,student", "feature_disabled"),
        (f"maintenance_until={until}", "maintenance_until=", "maintenance"),
    ):
        url = await ben.to_provider()
        await office.set(change)
        answer = await ben.finish(liar.sign_in(url, "ben", sourced_id="sis-ben"))
        assert answer == {"error": error, "state": ben.state}, change
        await office.set(back)
    await office.set(f"maintenance_until={until}")
    assert at_app(await ben.begin())["error"] == "maintenance"
    await office.set("maintenance_until=")
    url = await ben.to_provider()
    await with_sso(office, liar.issuer, enabled=False)
    assert (await ben.finish(liar.sign_in(url, "ben", sourced_id="sis-ben")))["error"] == "feature_disabled"


async def test_whoever_does_not_want_to_is_back_in_the_app(ben: Browser, liar: LyingProvider) -> None:
    for said, error in (
        ("access_denied", "access_denied"),
        ("login_required", "access_denied"),
        ("temporarily_unavailable", "provider_unavailable"),
        ("unauthorized_client", "provider_error"),
        ("<script>", "provider_error"),
    ):
        asked = query_of(await ben.to_provider())
        answer = await ben.finish(liar.leads_back(asked, error=said, error_description="<b>secret</b>"))
        assert answer == {"error": error, "state": ben.state}


async def test_on_a_device_that_many_share_the_provider_asks_who_it_is(ben: Browser, liar: LyingProvider) -> None:
    assert query_of(await ben.to_provider(prompt="login"))["prompt"] == "login"
    assert "prompt" not in query_of(await ben.to_provider())
    assert await outcome(ben, liar) == "code"


async def test_an_app_without_a_state_gets_none(ben: Browser, liar: LyingProvider) -> None:
    ben.portal = Portal.STUDENT
    back = liar.sign_in(await ben.to_provider(state=""), "ben", sourced_id="sis-ben")
    assert set(await ben.finish(back)) == {"code"}
