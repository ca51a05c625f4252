"""Asking a push provider over HTTP: time-outs, lost connections and Retry-After, told as outcomes. Redirects are not followed."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from app.push.outcomes import PushPostponed

TIMEOUT_S = 10.0
_WHOLE = 3
"""All that belongs to one message may last this many time-outs, however often the provider says a little."""
_KEPT_OPEN_S = 60.0
"""How long an idle connection is kept. APNs wants few connections that last, and keeps them far longer than this."""
_LONGEST_WAIT_S = 86_400.0
"""No notice is worth sending after more than a day; and a number from outside must not overflow somebody's calendar."""

Verify = ssl.SSLContext | bool
"""Which certificates are trusted: httpx's own choice (True), or those of a context."""


class Exchange:
    """One provider's connections; none is opened, and no certificate read, before the first message."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, verify: Verify = True, http2: bool = False) -> None:
        self._timeout_s = timeout_s
        self._verify = verify
        self._http2 = http2
        self._http: httpx.AsyncClient | None = None

    async def post(self, url: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
        """The answer, whatever its status. `body` is httpx's `json` or `data`.

        Raises:
            PushPostponed: there was none.
        """
        try:
            return await self._client().post(url, headers=headers, **body)
        except httpx.HTTPError as fault:
            # Without the cause: it holds the request, and so the token and what proves who we are.
            raise PushPostponed(_reason(fault)) from None
        except httpx.InvalidURL:
            raise PushPostponed("address_unusable") from None

    @asynccontextmanager
    async def one_message(self) -> AsyncIterator[None]:
        """Ends what takes too long as a whole: PushPostponed."""
        try:
            async with asyncio.timeout(_WHOLE * self._timeout_s):
                yield
        except TimeoutError:
            raise PushPostponed("timed_out") from None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            limits = httpx.Limits(keepalive_expiry=_KEPT_OPEN_S)
            self._http = httpx.AsyncClient(
                timeout=self._timeout_s, verify=self._verify, http2=self._http2, limits=limits, follow_redirects=False
            )
        return self._http


def json_object(answer: httpx.Response) -> dict[str, Any]:
    """What the answer says; empty where that is no JSON object."""
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def retry_after(answer: httpx.Response, now: datetime) -> float | None:
    """The seconds of a Retry-After (RFC 9110, section 10.2.3), given as such or as a date; None without one that can be read."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


def _reason(fault: httpx.HTTPError) -> str:
    if isinstance(fault, httpx.TimeoutException):
        return "timed_out"
    if isinstance(fault, httpx.ConnectError):
        return "tls_failed" if _is_about_tls(fault) else "connection_failed"
    return "connection_lost"


def _is_about_tls(fault: BaseException | None) -> bool:
    while fault is not None and not isinstance(fault, ssl.SSLError):
        fault = fault.__cause__ or fault.__context__
    return fault is not None
