"""Google's token endpoint and FCM in one small HTTP/1.1 server. It believes nobody without a good signature, and knows moods."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from app.clock import Clock
from tests.push.answers import DROPS, HANGS, Answer
from tests.push.listener import HOST, Listener

PROJECT = "campus-notices"
EMAIL = "sender@campus-notices.iam.example"
KEY_ID = "d1f0c0ffee"
SOON_S = 30
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_PATH = "/token"
SEND_PATH = f"/v1/projects/{PROJECT}/messages:send"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


class FcmServer(Listener):
    def __init__(self, public_pem: str, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.says: list[Answer] = []
        """What it says to the next messages; then it takes them."""
        self.says_of_tokens: list[Answer] = []
        """What the token endpoint says next; then it gives tokens."""
        self.lasts = 3599
        self.taken: list[dict[str, Any]] = []
        self.asked: list[str] = []
        """The path of every request."""
        self.issued: list[str] = []
        self.revoked: set[str] = set()
        self._key = RSAKey.import_key(public_pem)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def credentials(self, private_pem: str) -> str:
        return key_file(private_pem, self.url + TOKEN_PATH)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _read(reader)
            self.asked.append(request.path)
            answer = await self.answer(request)
            if answer is DROPS:
                return
            if answer is HANGS:
                await reader.read()
                return
            head = {"content-type": "application/json", "content-length": str(len(answer.body)), **answer.headers}
            lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in head.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
            await writer.drain()

    async def answer(self, request: Request) -> Answer:
        return self._token(request) if request.path == TOKEN_PATH else self._message(request)

    def _token(self, request: Request) -> Answer:
        if self.says_of_tokens:
            return self.says_of_tokens.pop(0)
        form = {name: value for name, (value,) in parse_qs(request.body.decode()).items()}
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" or not self._is_ours(form["assertion"]):
            return Answer(400, b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}')
        self.issued.append(f"ya29.access-{len(self.issued) + 1}")
        body = {"access_token": self.issued[-1], "expires_in": self.lasts, "token_type": "Bearer"}
        return Answer(200, json.dumps(body).encode())

    def _is_ours(self, assertion: str) -> bool:
        try:
            token = jwt.decode(assertion, self._key, algorithms=["RS256"])
        except JoseError:
            return False
        begins = token.claims["iat"]
        expected = {"iss": EMAIL, "scope": SCOPE, "aud": self.url + TOKEN_PATH, "iat": begins, "exp": begins + 3600}
        is_fresh = 0 <= self.clock.now().timestamp() - begins < SOON_S
        return is_fresh and token.claims == expected and token.header == {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}

    def _message(self, request: Request) -> Answer:
        if self.says:
            return self.says.pop(0)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.issued or token in self.revoked:
            return Answer(401, b'{"error": {"code": 401, "status": "UNAUTHENTICATED"}}')
        if request.path != SEND_PATH:
            return Answer(404, b"<html>Not found</html>")
        self.taken.append(json.loads(request.body))
        return Answer(200, json.dumps({"name": f"projects/{PROJECT}/messages/{len(self.taken)}"}).encode())


def key_file(private_pem: str, token_uri: str) -> str:
    """What Firebase's console gives out."""
    file = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": KEY_ID,
        "private_key": private_pem,
        "client_email": EMAIL,
        "token_uri": token_uri,
    }
    return json.dumps(file)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(first.split()[1], headers, await reader.readexactly(int(headers["content-length"])))
