"""Whatever an ID token says that does not hold: nobody is signed in, and the app is told that it was the provider."""

from collections.abc import Callable

import pytest
from joserfc.jwk import ECKey, RSAKey

from app.clock import ManualClock
from tests.sso.lying_provider import Json, LyingProvider, rsa
from tests.sso.people import FORGOTTEN, SECRET, WRONG, Browser, outcome
from tests.support.engines import sqlite_only
from tests.support.forgery import encoded, json_part, signed_by_secret, unsigned

pytestmark = sqlite_only

LIES: dict[str, Json] = {
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "another audience beside us, without azp": {"aud": ["campus", "somebody-else"]},
    "issued to another": {"aud": ["campus", "somebody-else"], "azp": "somebody-else"},
    "another issuer": {"iss": "https://accounts.example.org"},
    "several issuers": {"iss": ["https://accounts.example.org"]},
    "no issuer": {"iss": None},
    "another nonce": {"nonce": "of-another-sign-in"},
    "no nonce": {"nonce": None},
    "no end": {"exp": None},
    "an end that is none": {"exp": "tomorrow"},
    "no beginning": {"iat": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 17},
    "the hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


async def test_a_token_with_a_wrong_claim_signs_nobody_in(ben: Browser, liar: LyingProvider) -> None:
    for lie, claims in LIES.items():
        liar.lies.claims = claims
        assert await outcome(ben, liar) == WRONG, lie
    liar.lies.claims = {"aud": ["campus", "somebody-else"], "azp": "campus"}
    assert await outcome(ben, liar) == "code"


async def test_a_token_holds_from_its_beginning_to_its_end(
    ben: Browser, liar: LyingProvider, clock: ManualClock
) -> None:
    """Give or take a minute, as clocks differ."""
    now = int(clock.now().timestamp())
    held = [
        ({"iat": now - 300, "exp": now - 61}, WRONG),
        ({"iat": now - 300, "exp": now - 50}, "code"),
        ({"nbf": now + 120}, WRONG),
        ({"iat": now + 120}, WRONG),
        ({"iat": now + 50, "nbf": now + 50}, "code"),
    ]
    for claims, told in held:
        liar.lies.claims = claims
        assert await outcome(ben, liar) == told, claims


async def test_a_forged_signature_signs_nobody_in(ben: Browser, liar: LyingProvider, other_key: RSAKey) -> None:
    public = liar.key.as_pem(private=False)
    hs256 = {"alg": "HS256", "kid": "first"}
    forgeries: dict[str, Callable[[Json], str]] = {
        "unsigned": lambda claims: unsigned({"alg": "none", "typ": "JWT"}, claims),
        "unsigned, with a signature": lambda claims: _with_header(liar, claims, {"alg": "none", "kid": "first"}),
        "signed by another key": lambda claims: liar.signed(claims, other_key, kid="first"),
        "brings its own key": lambda claims: liar.signed(
            claims, other_key, kid="first", jwk=other_key.as_dict(private=False)
        ),
        "the public key as a secret": lambda claims: signed_by_secret(hs256, claims, public),
        "the client's secret": lambda claims: signed_by_secret(hs256, claims, SECRET.encode()),
        "an unknown key": lambda claims: liar.signed(claims, other_key),
        "changed claims": lambda claims: _with_claims(liar, claims, {**claims, "sourced_id": "sis-maria"}),
        "a header that must be understood": lambda claims: _with_header(
            liar, claims, {"alg": "RS256", "kid": "first", "crit": ["b64x"], "b64x": False}
        ),
        "no token": lambda _: f"{encoded(b'not json')}.{encoded(b'[]')}.",
        "no text": lambda _: "\N{SNOWMAN}.\N{SNOWMAN}.",
        "too long": lambda claims: liar.signed({**claims, "more": "x" * 20_000}),
    }
    for forgery, make in forgeries.items():
        liar.lies.token = make
        assert await outcome(ben, liar) == WRONG, forgery
    liar.lies.token = None
    assert await outcome(ben, liar) == "code"


@pytest.mark.filterwarnings("ignore:Key size should be")  # the forger's own
async def test_keys_that_are_for_something_else_or_cannot_be_told_apart_verify_nothing(
    ben: Browser, liar: LyingProvider, other_key: RSAKey, clock: ManualClock
) -> None:
    """Nor does one that is too short, whatever it signs."""
    mine, second = (key.as_dict(private=False) for key in (liar.key, other_key))
    short = rsa("first", bits=1024)
    held: list[tuple[list[Json], Callable[[Json], str], str]] = [
        ([{**mine, "use": "enc"}], liar.signed, WRONG),
        ([{**mine, "alg": "RS512"}], liar.signed, WRONG),
        ([], liar.signed, WRONG),
        ([mine, second], lambda claims: liar.signed(claims, kid=None), WRONG),
        ([mine], lambda claims: liar.signed(claims, kid=None), "code"),
        ([short.as_dict(private=False)], lambda claims: liar.signed(claims, short), WRONG),
    ]
    for published, make, told in held:
        liar.lies.keys, liar.lies.token = published, make
        clock.advance(FORGOTTEN)
        assert await outcome(ben, liar) == told, published


async def test_a_curve_will_do_as_well(ben: Browser, liar: LyingProvider) -> None:
    liar.key = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
    assert await outcome(ben, liar) == "code"


def _with_header(liar: LyingProvider, claims: Json, header: Json) -> str:
    _, payload, signature = liar.signed(claims).split(".")
    return f"{json_part(header)}.{payload}.{signature}"


def _with_claims(liar: LyingProvider, claims: Json, changed: Json) -> str:
    head, _, signature = liar.signed(claims).split(".")
    return f"{head}.{json_part(changed)}.{signature}"
