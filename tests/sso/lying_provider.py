"""An OpenID provider that keeps to the rules, PKCE too, until a test has it lie: on a socket of its own, by the clock of the test."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from app.clock import Clock
from tests.push.listener import HOST, Listener

Key = RSAKey | ECKey
Json = dict[str, Any]
HANGS = "hangs"


def rsa(key_id: str, bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": key_id, "use": "sig"})


@dataclass
class _Grant:
    """What the browser asked for with it."""

    asked: Mapping[str, str]
    claims: Json


@dataclass
class Lies:
    """What it says in place of the truth."""

    metadata: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    """`None` leaves a claim out."""
    token: Callable[[Json], str] | None = None
    """Makes the ID token out of the claims."""
    keys: list[Json] | None = None
    user_info: Json | None = None
    token_answer: bytes | None = None
    status: int = 200
    says: str | bytes = ""
    """Said to everything."""


class LyingProvider(Listener):
    def __init__(self, clock: Clock, key: Key | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.key: Key = key or rsa("first")
        self.lies = Lies()
        self.asked: list[str] = []
        self.secrets: list[str] = []
        """How its clients proved themselves."""
        self._grants: dict[str, _Grant] = {}
        self._tokens: dict[str, Json] = {}

    @property
    def issuer(self) -> str:
        return f"http://{HOST}:{self.port}"

    def sign_in(self, url: str, subject: str, **claims: object) -> str:
        """Somebody signs in on its page; gives the address that the browser is sent to."""
        asked = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(asked, {"sub": subject, **claims})
        return self.leads_back(asked, code=code)

    def leads_back(self, asked: Mapping[str, str], **answer: str) -> str:
        return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **answer})}"

    def signed(self, claims: Json, key: Key | None = None, **header: object) -> str:
        key = key or self.key
        said = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid, **header}
        head = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(head, claims, key, algorithms=[str(head["alg"])])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = first.split()[1]
        self.asked.append(path)
        if self.lies.says == HANGS:
            await reader.read()
            return
        content = self.lies.says or self._answer(path, headers, body.decode())
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        status = 400 if isinstance(content, dict) and "error" in content else self.lies.status
        lines = [f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {len(data)}"]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + data)
        await writer.drain()

    def _answer(self, path: str, headers: Mapping[str, str], body: str) -> Json | bytes:
        match path:
            case "/.well-known/openid-configuration":
                return self._metadata()
            case "/keys":
                own = KeySet([self.key]).as_dict(private=False)
                return dict(own) if self.lies.keys is None else {"keys": self.lies.keys}
            case "/token":
                return self.lies.token_answer or self._redeem(headers, body)
            case "/userinfo":
                token = headers["authorization"].removeprefix("Bearer ")
                return self.lies.user_info or self._tokens[token]
        return {"error": "not_found"}

    def _metadata(self) -> Json:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": False,
            **self.lies.metadata,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _redeem(self, headers: Mapping[str, str], body: str) -> Json:
        form = {name: value for name, (value,) in parse_qs(body).items()}
        self.secrets.append(headers.get("authorization", form.get("client_secret", "")))
        grant = self._grants.pop(form["code"], None)
        proved = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if grant is None or proved != grant.asked["code_challenge"]:
            return {"error": "invalid_grant"}
        if form["redirect_uri"] != grant.asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        now = int(self.clock.now().timestamp())
        made = {
            "iss": self.issuer,
            "aud": grant.asked["client_id"],
            "nonce": grant.asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **grant.claims,
            **self.lies.claims,
        }
        claims = {name: value for name, value in made.items() if value is not None}
        access_token = secrets.token_urlsafe(16)
        self._tokens[access_token] = {"sub": claims.get("sub"), "sourced_id": "sis-from-userinfo"}
        token = self.lies.token(claims) if self.lies.token else self.signed(claims)
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": token}


@asynccontextmanager
async def lying_provider(clock: Clock, key: Key | None = None) -> AsyncIterator[LyingProvider]:
    async with LyingProvider(clock, key).opened() as provider:
        yield provider
