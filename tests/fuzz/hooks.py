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


def somewhere() -> str:
    """An address that has not been counted before."""
    return ".".join(str(1 + secrets.randbelow(254)) for _ in range(4))


class SignedIn:
    """The access token of one person, for as long as it works."""

    def __init__(self) -> None:
        self.token = ""
        self.until = 0.0

    def get(self, *_: Any) -> str:
        if time.monotonic() > self.until:
            self.token, self.until = self._sign_in(), time.monotonic() + STEP_UP_HOLDS_S
        return self.token

    def set(self, case: Any, data: str, _: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    def _sign_in(self) -> str:
        district, portal, username, password = LOGIN.split("/")
        body = {"district": district, "portal": portal, "username": username, "password": password}
        while True:
            proof = {"totp": code_now()} if TOTP else {}
            answer = requests.post(
                f"{API}/login", json={**body, **proof}, headers={"X-Forwarded-For": somewhere()}, timeout=30
            )
            if answer.status_code != 403 or not TOTP:
                break
            time.sleep(5)  # each code works once
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def code_now() -> str:
    """RFC 6238, as the authenticator of the demo's staff shows it."""
    digest = hmac.digest(base64.b32decode(TOTP), int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


signed_in = SignedIn()

if LOGIN:

    @schemathesis.auth(refresh_interval=None)
    class _Auth:
        def get(self, case: Any, context: Any) -> str:
            return signed_in.get(case, context)

        def set(self, case: Any, data: str, context: Any) -> None:
            signed_in.set(case, data, context)


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
    """At these addresses another method leads elsewhere: to a page for people with a letter, to `/districts/link/{account_id}`."""
    is_about_methods = type(failure).__name__ in {"UnsupportedMethodResponse", "AllowHeaderMismatch"}
    return not (
        is_about_methods and case.operation.path in {"/activate", "/districts/link/codes", "/districts/link/confirm"}
    )


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    # Schemathesis also asks without a token, and with wrong ones.
    is_ours = response.request.headers.get("Authorization") == f"Bearer {signed_in.token}"
    if response.status_code == 401 and is_ours:
        signed_in.until = 0.0
