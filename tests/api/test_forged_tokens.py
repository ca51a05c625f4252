"""Access tokens that this service did not give, or gave for something else: all of them are one and the same refusal."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.clock import ManualClock
from app.security.signing_keys import SigningKeyPair
from app.settings import Settings
from tests.support.forgery import encoded, parts_of, signed, signed_by_secret, unsigned
from tests.support.office import Office
from tests.support.portal import User, refused, serving

KEY, OTHER_KEY, STRANGERS_KEY = (SigningKeyPair.generate() for _ in range(3))


@dataclass
class Forger:
    """Somebody who holds a genuine token of a live session, and in the worst case the signing keys too."""

    user: User
    header: dict[str, Any]
    claims: dict[str, Any]

    def token(self, header: dict[str, Any] | None = None, key: SigningKeyPair = KEY, **claims: object) -> str:
        """A token like the genuine one, with changes; a claim of None is left out."""
        changed = {name: value for name, value in {**self.claims, **claims}.items() if value is not None}
        return signed({**self.header, **(header or {})}, changed, key.private_pem)


@pytest.fixture
async def forger(settings: Settings, clock: ManualClock) -> AsyncIterator[Forger]:
    keys = tuple(SecretStr(pair.private_pem) for pair in (KEY, OTHER_KEY))
    async with serving(settings.model_copy(update={"signing_keys": keys}), clock) as server:
        maria = await (await Office.open(server)).parent()
        await maria.activate()
        yield Forger(maria, *parts_of(maria.session["access_token"]))


FORGERIES: dict[str, Callable[[Forger], str]] = {
    "no audience": lambda f: f.token(aud=None),
    "no expiry": lambda f: f.token(exp=None),
    "no subject": lambda f: f.token(sub=None),
    "no session": lambda f: f.token(sid=None),
    "no issuer": lambda f: f.token(iss=None),
    "another issuer": lambda f: f.token(iss="https://elsewhere.example"),
    "audience of another district": lambda f: f.token(aud=f.claims["aud"].replace("jackson", "wake")),
    "audience of the whole service": lambda f: f.token(aud=f.claims["iss"]),
    "audience as a list": lambda f: f.token(aud=[f.claims["aud"]]),
    "expired": lambda f: f.token(iat=f.claims["iat"] - 601, exp=f.claims["iat"] - 1),
    "expiry as text": lambda f: f.token(exp=str(f.claims["exp"])),
    "expiry as a fraction": lambda f: f.token(exp=f.claims["exp"] + 0.5),
    "expiry as true": lambda f: f.token(exp=True),
    "another account": lambda f: f.token(sub=str(uuid4())),
    "another session": lambda f: f.token(sid=str(uuid4())),
    "subject that is no id": lambda f: f.token(sub="admin"),
    "an extra claim": lambda f: f.token(role="district_admin"),
    "signed by a stranger": lambda f: f.token(key=STRANGERS_KEY),
    "signed by another key than named": lambda f: f.token(key=OTHER_KEY),
    "another key named than signed": lambda f: f.token({"kid": OTHER_KEY.kid}),
    "unknown key": lambda f: f.token({"kid": STRANGERS_KEY.kid}, key=STRANGERS_KEY),
    "key by number": lambda f: f.token({"kid": 0}),
    "no key named": lambda f: signed({"alg": "ES256", "typ": "at+jwt"}, f.claims, KEY.private_pem),
    "key in the header": lambda f: f.token({"jwk": STRANGERS_KEY.public_jwk}, key=STRANGERS_KEY),
    "type JWT": lambda f: f.token({"typ": "JWT"}),
    "type left out": lambda f: signed({"alg": "ES256", "kid": KEY.kid}, f.claims, KEY.private_pem),
    "unknown critical extension": lambda f: f.token({"crit": ["exp"], "exp": 1}),
    "algorithm none": lambda f: unsigned({**f.header, "alg": "none"}, f.claims),
    "no signature": lambda f: unsigned(f.header, f.claims),
    "HS256 with the public key": lambda f: signed_by_secret(
        {**f.header, "alg": "HS256"}, f.claims, KEY.public_pem.encode()
    ),
    "HS256 called ES256": lambda f: signed_by_secret(f.header, f.claims, KEY.public_pem.encode()),
    "claims that are a list": lambda f: signed(f.header, [f.claims], KEY.private_pem),
    "header that is a list": lambda f: signed([f.header], f.claims, KEY.private_pem),
    "header that is no JSON": lambda _: encoded(b"{") + ".e30.AAAA",
    "header nested too deep": lambda _: encoded(b"[" * 900) + ".e30.AAAA",
    "two parts": lambda f: f.user.session["access_token"].rpartition(".")[0],
    "four parts": lambda f: f.user.session["access_token"] + ".e30",
    "one letter more": lambda f: f.user.session["access_token"] + "A",
    "too long": lambda f: f.token(jti="x" * 2_000),
    "no token at all": lambda _: "x",
    "letters of another alphabet": lambda _: "\u00e4.\u00f6.\u00fc",
    "a refresh token": lambda f: f.user.session["refresh_token"],
    "a device token": lambda f: f.user.session["device_token"],
}


async def test_d24_only_a_genuine_access_token_opens_anything(forger: Forger) -> None:
    """Even one who holds the signing key gets no further than what this service writes into its own tokens."""
    assert (await ask(forger, forger.token())).status_code == 200, "the forger can write a genuine one"
    answers = {story: await ask(forger, forge(forger)) for story, forge in FORGERIES.items()}
    wrong = {story: answer.text for story, answer in answers.items() if answer.status_code != 401}
    assert not wrong
    assert {refused(answer) for answer in answers.values()} == {(401, "invalid_token")}
    assert {answer.headers["www-authenticate"] for answer in answers.values()} == {'Bearer error="invalid_token"'}
    assert (await forger.user.me()).status_code == 200, "no forgery ended the session"


async def test_a_genuine_token_of_a_session_that_ended_opens_nothing(forger: Forger) -> None:
    token = forger.user.session["access_token"]
    await forger.user.sign_out()
    assert refused(await ask(forger, token)) == (401, "invalid_token")
    assert refused(await ask(forger, forger.token())) == (401, "invalid_token")


async def test_d22_another_accounts_token_cannot_be_turned_to_this_session(forger: Forger) -> None:
    office = Office(forger.user.server, "jackson")
    (rosa,) = await office.parents(1)
    await rosa.activate()
    _, claims = parts_of(rosa.session["access_token"])
    for crossed in (forger.token(sub=claims["sub"]), forger.token(sid=claims["sid"])):
        assert refused(await ask(forger, crossed)) == (401, "invalid_token")


async def test_other_schemes_of_authentication_are_none(forger: Forger) -> None:
    token = forger.user.session["access_token"]
    for header in (f"Basic {token}", f"Token {token}", token, "Bearer", "Bearer ", ""):
        answer = await forger.user.http.get("/me", headers={"Authorization": header})
        assert refused(answer) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = await forger.user.http.get("/me", params={"access_token": token})
    assert refused(answer) == (401, "not_authenticated")


async def ask(forger: Forger, token: str) -> Any:
    return await forger.user.http.get("/me", headers={b"Authorization": f"Bearer {token}".encode()})
