"""Asking a provider over HTTP: bounded in time and size, and not at all for a while after it failed three times in a row."""

import asyncio
import json
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.clock import Clock
from app.sso.addresses import AddressRules
from app.sso.provider import ProviderDown, ProviderRefused

TIMEOUT_S = 5.0
"""For one answer, from the look-up of the name to its last byte."""
MOST_BYTES = 262_144
FAILURES = 3
PAUSE = timedelta(seconds=30)
"""So long nobody waits for a provider that does not answer."""

Json = dict[str, Any]


@dataclass
class _Circuit:
    failures: int = 0
    open_until: datetime | None = None


class Asking:
    def __init__(
        self, rules: AddressRules, clock: Clock, *, timeout_s: float = TIMEOUT_S, verify: ssl.SSLContext | bool = True
    ) -> None:
        """`verify`: with other authorities than the usual ones."""
        self.rules = rules
        self._clock = clock
        self._timeout_s = timeout_s
        self._circuits: dict[str, _Circuit] = {}
        # Without the proxies of the environment: through one the address would be looked up by somebody else.
        self._http = httpx.AsyncClient(
            transport=_CheckedTransport(rules, verify), timeout=timeout_s, follow_redirects=False, trust_env=False
        )

    async def ask(self, issuer: str, method: str, url: str, **options: Any) -> tuple[int, Json]:
        """Status and JSON object of the answer; `options` are httpx's. Failures are counted for the issuer.

        Raises:
            ProviderDown: no answer in time, none that is JSON, or a failure of the other side.
            ProviderRefused: the address may not be asked.
        """
        self.rules.check(url)
        circuit = self._circuits.setdefault(issuer, _Circuit())
        now = self._clock.now()
        if circuit.open_until and circuit.open_until > now:
            raise ProviderDown("paused")
        try:
            answer = await self._ask(method, url, **options)
        except ProviderDown:
            circuit.failures += 1
            if circuit.failures >= FAILURES:
                circuit.open_until = self._clock.now() + PAUSE
            raise
        circuit.failures, circuit.open_until = 0, None
        return answer

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, url: str, **options: Any) -> tuple[int, Json]:
        try:
            # httpx counts from byte to byte; the person waits for the whole.
            async with asyncio.timeout(self._timeout_s), self._http.stream(method, url, **options) as answer:
                content = await _read(answer)
        except TimeoutError:
            raise ProviderDown("timed_out") from None
        except httpx.InvalidURL:
            raise ProviderRefused("address_unusable") from None
        except httpx.TimeoutException:
            raise ProviderDown("timed_out") from None
        except httpx.HTTPError:
            # Without the cause: it holds the request, and so our secret.
            raise ProviderDown("connection_failed") from None
        if answer.is_server_error or answer.is_redirect:
            raise ProviderDown(f"answered_{answer.status_code}")
        return answer.status_code, _object(content)


class _CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to the address that was checked, and holds the certificate against the name."""

    def __init__(self, rules: AddressRules, verify: ssl.SSLContext | bool) -> None:
        self._rules = rules
        self._inner = httpx.AsyncHTTPTransport(verify=verify)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        address = await self._rules.resolve(host, port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _read(answer: httpx.Response) -> bytes:
    content = b""
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            raise ProviderDown("answer_too_long")
    return content


def _object(content: bytes) -> Json:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ProviderDown("answer_unreadable") from None
    if not isinstance(found, dict):
        raise ProviderDown("answer_unreadable")
    return found
