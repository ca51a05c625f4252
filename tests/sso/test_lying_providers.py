"""Providers that are down, slow, or not who they say they are."""

import re
import time
from datetime import timedelta

from joserfc.jwk import RSAKey

from app.clock import ManualClock
from tests.sso.lying_provider import HANGS, Lies, LyingProvider, lying_provider
from tests.sso.people import DOWN, FORGOTTEN, SECRET, WRONG, Browser, outcome, query_of, with_sso
from tests.support.engines import sqlite_only
from tests.support.log import Written
from tests.support.office import Office

pytestmark = sqlite_only

MEANINGLESS: dict[str, tuple[Lies, str]] = {
    "fails": (Lies(status=500), DOWN),
    "is not there": (Lies(status=404), DOWN),
    "redirects": (Lies(status=302), DOWN),
    "is no JSON": (Lies(says=b"<html>"), DOWN),
    "is a list": (Lies(says=b"[]"), DOWN),
    "is too long": (Lies(says=b'{"a": "' + b"x" * 300_000 + b'"}'), DOWN),
    "is nested too deep": (Lies(says=b"[" * 100_000), DOWN),
    "is another issuer": (Lies(metadata={"issuer": "https://accounts.example.org"}), WRONG),
    "has no issuer": (Lies(metadata={"issuer": None}), WRONG),
    "has no token endpoint": (Lies(metadata={"token_endpoint": None}), DOWN),
    "asks over http elsewhere": (Lies(metadata={"token_endpoint": "http://accounts.example.org/token"}), WRONG),
    "asks a file": (Lies(metadata={"jwks_uri": "file:///etc/passwd"}), WRONG),
    "asks a script": (Lies(metadata={"authorization_endpoint": "javascript:alert(1)"}), WRONG),
}


async def test_a_description_that_cannot_be_used_sends_the_app_its_error_at_once(
    ben: Browser, liar: LyingProvider, clock: ManualClock, written: Written
) -> None:
    """The browser carries nothing, as it was never sent anywhere. The operator's log says what was wrong."""
    for what, (lies, error) in MEANINGLESS.items():
        liar.lies = lies
        written()
        answer = await ben.begin()
        assert re.search(r"provider_failed .*error=\w+ provider=google", written()), what
        assert query_of(answer.headers["location"]) == {"error": error, "state": ben.state}, what
        assert "set-cookie" not in answer.headers
        clock.advance(FORGOTTEN)


async def test_a_provider_that_says_nothing_keeps_nobody_waiting(ben: Browser, liar: LyingProvider) -> None:
    liar.lies = Lies(says=HANGS)
    begun = time.monotonic()
    assert query_of((await ben.begin()).headers["location"])["error"] == DOWN
    assert time.monotonic() - begun < 10


async def test_a_provider_that_fails_three_times_is_left_alone_for_half_a_minute(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    liar.lies = Lies(status=503)
    assert [query_of((await ben.begin()).headers["location"])["error"] for _ in range(6)] == [DOWN] * 6
    assert len(liar.asked) == 3
    liar.lies = Lies()
    assert query_of((await ben.begin()).headers["location"])["error"] == DOWN
    clock.advance(timedelta(seconds=31))
    assert await outcome(ben, liar) == "code"


async def test_while_a_provider_cannot_be_asked_its_last_description_counts_for_a_day(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    assert await outcome(ben, liar) == "code"
    liar.lies = Lies(status=503)
    clock.advance(timedelta(hours=2))
    assert (await ben.to_provider()).startswith(f"{liar.issuer}/authorize")
    clock.advance(timedelta(hours=23))
    assert query_of((await ben.begin()).headers["location"])["error"] == DOWN


async def test_keys_change_and_the_next_sign_in_knows_it(
    ben: Browser, liar: LyingProvider, other_key: RSAKey, clock: ManualClock
) -> None:
    """Keys are remembered for an hour; an unknown one has them fetched anew, but not by every token that names one."""
    assert [await outcome(ben, liar) for _ in range(3)] == ["code"] * 3
    assert liar.asked.count("/keys") == 1
    liar.key = other_key
    assert await outcome(ben, liar) == "code"
    assert liar.asked.count("/keys") == 2
    liar.lies.token = lambda claims: liar.signed(claims, kid="made-up")
    assert [await outcome(ben, liar) for _ in range(5)] == [WRONG] * 5
    assert liar.asked.count("/keys") == 2
    clock.advance(timedelta(hours=1))
    liar.lies.token = None
    assert await outcome(ben, liar) == "code"
    assert (liar.asked.count("/keys"), liar.asked.count("/.well-known/openid-configuration")) == (3, 2)


async def test_two_providers_cannot_be_taken_for_each_other(
    ben: Browser, liar: LyingProvider, office: Office, clock: ManualClock, other_key: RSAKey
) -> None:
    """RFC 9207 and RFC 9700: what the one says counts for nothing where the other was asked, in this district or in another."""
    async with lying_provider(clock, other_key) as other:
        await with_sso(office, other.issuer, "other")
        await with_sso(await Office.open(office.server, "there", "There County"), other.issuer)
        # The attacker's provider has the browser bring its own code to the other one's address; it says who it is, or does not.
        for said in ({"iss": other.issuer}, {}):
            asked = query_of(await ben.to_provider(provider="google"))
            assert (await ben.finish(liar.leads_back(asked, code="of-the-attacker", **said)))["error"] == WRONG
        back = liar.sign_in(await ben.to_provider(provider="google"), "ben", sourced_id="sis-ben")
        for place in ("/jackson/google/", "/jackson/other/"), ("/jackson/", "/there/"):
            assert (await ben.http.get(back.replace(*place))).status_code == 410, place
        # A token of the other one, for the same client.
        liar.lies.token = lambda claims: other.signed({**claims, "iss": other.issuer})
        assert (await ben.finish(back))["error"] == WRONG
        liar.lies = Lies()
        back = liar.sign_in(await ben.to_provider(provider="google"), "ben", sourced_id="sis-ben")
        assert "code" in await ben.finish(f"{back}&iss={liar.issuer}")


async def test_where_the_provider_always_says_who_it_is_it_must(ben: Browser, liar: LyingProvider) -> None:
    liar.lies.metadata = {"authorization_response_iss_parameter_supported": True}
    assert await outcome(ben, liar) == WRONG
    back = liar.sign_in(await ben.to_provider(), "ben", sourced_id="sis-ben")
    assert "code" in await ben.finish(f"{back}&iss={liar.issuer}")


async def test_what_is_not_in_the_token_is_asked_for_of_the_same_person(ben: Browser, liar: LyingProvider) -> None:
    for said, told in (
        ({"sub": "ben", "sourced_id": "sis-ben"}, "code"),
        ({"sub": "somebody-else", "sourced_id": "sis-ben"}, WRONG),
        ({"sub": "ben"}, "person_not_found"),
    ):
        liar.lies.user_info = said
        assert await outcome(ben, liar, sourced_id=None) == told


async def test_the_secret_goes_to_the_provider_in_the_form_that_it_knows(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    assert await outcome(ben, liar) == "code"
    liar.lies.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    clock.advance(FORGOTTEN)
    assert await outcome(ben, liar) == "code"
    assert liar.secrets[0].startswith("Basic ")
    assert liar.secrets[1] == SECRET


async def test_a_code_that_the_provider_does_not_know_signs_nobody_in(ben: Browser, liar: LyingProvider) -> None:
    """Nor does an answer without a token, or with one of another kind."""
    asked = query_of(await ben.to_provider())
    assert (await ben.finish(liar.leads_back(asked, code="made-up")))["error"] == WRONG
    for said in (b'{"access_token": "a", "token_type": "Bearer"}', b'{"id_token": 7}'):
        liar.lies.token_answer = said
        assert await outcome(ben, liar) == WRONG
