"""Other services verify our access tokens with the published keys alone; here joserfc does, which knows nothing of us."""

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from app.clock import ManualClock
from app.security.signing_keys import SigningKeyPair
from app.settings import Settings
from tests.support.forgery import parts_of
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving

OLD, NEW = SigningKeyPair.generate(), SigningKeyPair.generate()


async def test_another_implementation_verifies_an_access_token(server: Server, maria: User) -> None:
    await maria.activate()
    token = jwt.decode(maria.session["access_token"], await published(server), algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "typ": "at+jwt", "kid": token.header["kid"]}
    assert set(token.claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert token.claims["sub"] == maria.session["account"]["id"]
    assert token.claims["iss"] == "http://127.0.0.1:8000"
    assert token.claims["exp"] - token.claims["iat"] == 600
    rules = jwt.JWTClaimsRegistry(
        now=lambda: token.claims["iat"] + 599,
        aud={"essential": True, "value": "http://127.0.0.1:8000/districts/jackson"},
    )
    rules.validate(token.claims)


async def test_nothing_private_is_published(server: Server) -> None:
    answer = await server.http.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
    }
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x", "y"}


async def test_two_tokens_of_one_moment_differ(maria: User) -> None:
    await maria.activate()
    first = maria.session["access_token"]
    await maria.refresh()
    assert parts_of(first)[1]["jti"] != parts_of(maria.session["access_token"])[1]["jti"]


async def test_during_a_rotation_tokens_of_both_keys_are_good(settings: Settings, clock: ManualClock) -> None:
    async with serving(with_keys(settings, OLD), clock) as before:
        maria = await (await Office.open(before)).parent()
        await maria.activate()
    async with serving(with_keys(settings, NEW, OLD), clock) as between:
        maria.server = between
        assert (await maria.me()).status_code == 200
        keys = await published(between)
        old_token = maria.session["access_token"]
        await maria.refresh()
        for token, pair in ((old_token, OLD), (maria.session["access_token"], NEW)):
            assert jwt.decode(token, keys, algorithms=["ES256"]).header["kid"] == pair.kid
    async with serving(with_keys(settings, NEW), clock) as after:
        maria.server = after
        assert (await maria.me()).status_code == 200
        maria.session["access_token"] = old_token
        assert refused(await maria.me()) == (401, "invalid_token")


async def test_a_key_of_another_service_verifies_nothing(maria: User) -> None:
    await maria.activate()
    kid = parts_of(maria.session["access_token"])[0]["kid"]
    strangers = KeySet.import_key_set({"keys": [{**OLD.public_jwk, "kid": kid}]})
    with pytest.raises(BadSignatureError):
        jwt.decode(maria.session["access_token"], strangers, algorithms=["ES256"])


async def test_servers_without_configured_keys_share_one(settings: Settings, clock: ManualClock) -> None:
    """In development the first process makes a key; all read it from the database."""
    async with serving(settings, clock) as first, serving(settings, clock) as second:
        assert (await first.http.get("/.well-known/jwks.json")).json() == (
            await second.http.get("/.well-known/jwks.json")
        ).json()


def with_keys(settings: Settings, *pairs: SigningKeyPair) -> Settings:
    return settings.model_copy(update={"signing_keys": tuple(SecretStr(pair.private_pem) for pair in pairs)})


async def published(server: Server) -> KeySet:
    return KeySet.import_key_set((await server.http.get("/.well-known/jwks.json")).json())
