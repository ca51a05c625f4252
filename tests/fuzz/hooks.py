"""What Schemathesis loads: each request comes from another address, and signs in anew where a session has ended.

It runs without this project's own modules, as a client does.
"""

import base64
import hashlib
import hmac
import os
import secrets
import time
from typing import Any

import requests
import schemathesis

API, LOGIN = os.environ["FUZZ_API"], os.environ.get("FUZZ_LOGIN", "")
TOTP = os.environ.get("FUZZ_TOTP", "")
STEP_UP_HOLDS_S = 240
# A page for people with a letter; `/login/sso/{district_id}`; `/districts/link/{account_id}`; `/me/passkeys/{passkey_id}`;
# `/admin/activation-keys/{key_id}`.
SHARED_ADDRESSES = {
    *("/activate", "/login/sso/exchange"),
    *("/districts/link/codes", "/districts/link/confirm", "/me/passkeys/options"),
    *("/admin/activation-keys/batches", "/admin/activation-keys/letters"),
}


def somewhere() -> str:
    """An address that has not been counted before."""
    return ".".join(str(1 + secrets.randbelow(254)) for _ in range(4))


class SignedIn:
    """The access token of one person, for as long as it works; of the staff, of a session that has just stepped up."""

    def __init__(self) -> None:
        self.token = ""
        self.until = 0.0
        self._codes = Authenticator()

    def get(self) -> str:
        if time.monotonic() > self.until:
            if not (self.token and TOTP):
                self.token = self._sign_in()
            if TOTP:
                self.token = self._ask("/me/step-up", {"totp": self._codes.next()})
            self.until = time.monotonic() + STEP_UP_HOLDS_S
        return self.token

    def end(self) -> None:
        self.token, self.until = "", 0.0

    def _sign_in(self) -> str:
        district, portal, username, password = LOGIN.split("/")
        body = {"district": district, "portal": portal, "username": username, "password": password}
        return self._ask("/login", {**body, **({"totp": self._codes.next()} if TOTP else {})})

    def _ask(self, path: str, body: dict[str, str]) -> str:
        headers = {"X-Forwarded-For": somewhere(), "Authorization": f"Bearer {self.token}"}
        answer = requests.post(f"{API}{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


class Authenticator:
    """RFC 6238, as the demo's staff have it. Each code works once, so the next one may take half a minute."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        while self._last == (step := int(time.time() // 30)):
            time.sleep(1)
        self._last = step
        digest = hmac.digest(base64.b32decode(TOTP), step.to_bytes(8, "big"), hashlib.sha1)
        start = digest[-1] & 15
        return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


signed_in = SignedIn()

if LOGIN:

    @schemathesis.auth(refresh_interval=None)
    class _Auth:
        def get(self, _case: Any, _context: Any) -> str:
            return signed_in.get()

        def set(self, case: Any, data: str, _context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """The specification promises less than the service takes: where a field may be left out, null means the same."""
    for schema in raw_schema["components"]["schemas"].values():
        fields, needed = schema.get("properties", {}), schema.get("required", ())
        if schema.get("additionalProperties") is False:
            fields.update(
                {name: {"anyOf": [field, {"type": "null"}]} for name, field in fields.items() if name not in needed}
            )


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    case.headers = {**(case.headers or {}), "X-Forwarded-For": somewhere()}


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, _response: Any) -> bool:
    """Another method of the same address is another operation's, which the specification names by its template."""
    is_about_methods = type(failure).__name__ in {"UnsupportedMethodResponse", "AllowHeaderMismatch"}
    return not (is_about_methods and case.operation.path in SHARED_ADDRESSES)


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    # Schemathesis also asks without a token, and with wrong ones.
    is_ours = response.request.headers.get("Authorization") == f"Bearer {signed_in.token}"
    if response.status_code == 401 and is_ours and "step_up" not in response.text:
        signed_in.end()


@schemathesis.serializer("application/zip")
def as_it_is(_context: Any, value: Any) -> bytes:
    """A roster, or what claims to be one."""
    return value if isinstance(value, bytes) else str(value).encode()
