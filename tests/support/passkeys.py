"""A phone that keeps passkeys: a small authenticator (WebAuthn Level 3) that makes keys, signs, and lies where a test wants it to.

It writes its few bytes of CBOR by itself, so that it agrees with ours only if both are right.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from secrets import token_bytes
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.support.portal import User

ORIGIN = "https://portal.jackson.example.org"
"""Of a front end that the district has registered."""
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Stored:
    """A passkey, as the phone keeps it."""

    id: bytes
    key: Key
    rp_id: str
    user_handle: bytes
    count: int = 0


@dataclass
class Phone:
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED | ELIGIBLE | BACKED_UP
    """What it says of each use: somebody was there, whom it knows, and the passkey is kept elsewhere, too."""
    counts: bool = False
    """Whether it counts uses; one that keeps its passkeys on several devices does not."""
    algorithm: int = -7
    passkeys: list[Stored] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    """More that it writes into the client data."""

    def create(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """`navigator.credentials.create({publicKey: options}).toJSON()`."""
        made = Stored(
            lies.get("id", token_bytes(32)),
            _new_key(self.algorithm),
            options["rp"]["id"],
            _bytes(options["user"]["id"]),
        )
        self.passkeys.append(made)
        attested = bytes(16) + len(made.id).to_bytes(2) + made.id + _cose(made.key)
        auth_data = self._authenticator_data(made, self.flags | ATTESTED, lies) + attested
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options, lies),
            "attestationObject": _text(_attestation(auth_data)),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(made, response)

    def get(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """`navigator.credentials.get({publicKey: options}).toJSON()`, with the passkey that was made last."""
        allowed = [_bytes(each["id"]) for each in options["allowCredentials"]]
        used = lies.get("passkey") or [one for one in self.passkeys if not allowed or one.id in allowed][-1]
        used.count += self.counts
        auth_data = self._authenticator_data(used, self.flags, lies)
        client_data = self._client_data("webauthn.get", options, lies)
        signature = _sign(used.key, auth_data + hashlib.sha256(_bytes(client_data)).digest())
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": _text(auth_data),
            "signature": _text(signature),
            "userHandle": _text(lies.get("user_handle", used.user_handle)),
        }
        return self._credential(used, response)

    def _client_data(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> str:
        said = {"type": lies.get("type", kind), "challenge": options["challenge"], "origin": self.origin}
        return _text(json.dumps({**said, "crossOrigin": False, **self.extra}).encode())

    def _authenticator_data(self, passkey: Stored, flags: int, lies: dict[str, Any]) -> bytes:
        rp_id = lies.get("rp_id", passkey.rp_id)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + passkey.count.to_bytes(4)

    @staticmethod
    def _credential(passkey: Stored, response: dict[str, Any]) -> dict[str, Any]:
        """With what browsers add to it."""
        name = _text(passkey.id)
        known = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return {**known, "authenticatorAttachment": "platform", "clientExtensionResults": {"credProps": {"rk": True}}}


async def step_up(owner: User, **proof: object) -> httpx.Response:
    answer = await owner.ask("POST", "/me/step-up", json=proof or {"password": owner.password})
    if answer.is_success:
        owner.session = {**owner.session, **answer.json()}
    return answer


async def begin(owner: User) -> dict[str, Any]:
    """The options for another passkey."""
    answer = await owner.ask("POST", "/me/passkeys/options")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()["public_key"]
    return options


async def add(owner: User, credential: dict[str, Any], **named: object) -> httpx.Response:
    return await owner.ask("POST", "/me/passkeys", json={"credential": credential, **named})


async def register(owner: User, phone: Phone | None = None, **named: object) -> Phone:
    """The whole of it over HTTP, for whoever has no authenticator app; gives the phone."""
    assert (await step_up(owner)).status_code == 200
    phone = phone or Phone()
    answer = await add(owner, phone.create(await begin(owner)), **named)
    assert answer.status_code == 201, answer.text
    return phone


async def sign_in_options(visitor: User, **changes: object) -> dict[str, Any]:
    body = {"district": visitor.district, "portal": visitor.portal, **changes}
    answer = await visitor.http.post("/login/passkey/options", json=body)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()["public_key"]
    return options


async def send(visitor: User, credential: dict[str, Any], **changes: object) -> httpx.Response:
    body = {"district": visitor.district, "portal": visitor.portal, "credential": credential, **changes}
    return visitor._keep(await visitor.http.post("/login/passkey", json=body))


async def sign_in(visitor: User, phone: Phone, **lies: Any) -> httpx.Response:
    return await send(visitor, phone.get(await sign_in_options(visitor), **lies))


def copy_of(phone: Phone) -> Phone:
    """Somebody has all that the phone has."""
    return replace(phone, passkeys=[replace(passkey) for passkey in phone.passkeys])


def _new_key(algorithm: int) -> Key:
    match algorithm:
        case -7:
            return ec.generate_private_key(ec.SECP256R1())
        case -8:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65_537, 2_048)


def _sign(key: Key, data: bytes) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(data, ec.ECDSA(hashes.SHA256()))
        case rsa.RSAPrivateKey():
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        case _:
            return key.sign(data)


def _cose(key: Key) -> bytes:
    """RFC 9053: kty, alg, and the numbers of the key."""
    match key:
        case ec.EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            return _map({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        case rsa.RSAPrivateKey():
            numbers = key.public_key().public_numbers()
            return _map({1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)})
        case _:
            return _map({1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()})


def _attestation(auth_data: bytes) -> bytes:
    return _map({"fmt": "none", "attStmt": {}, "authData": auth_data})


def _map(content: dict[Any, Any]) -> bytes:
    return _head(5, len(content)) + b"".join(_cbor(key) + _cbor(value) for key, value in content.items())


def _cbor(value: Any) -> bytes:
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case _:
            return _map(value)


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    return bytes([kind << 5 | 24, number]) if number < 256 else bytes([kind << 5 | 25]) + number.to_bytes(2)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
