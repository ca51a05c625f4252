"""Rate limits, as the routes declare them: per address or session, per district, for everybody together.

Every request counts, malformed and invalid ones too. The visitor's own limit comes first: whoever is beyond it takes nothing from the
others' share, and his body is not read.
"""

from collections.abc import Mapping
from typing import Any

from limits import RateLimitItem
from prometheus_client import Counter
from slowapi.wrappers import Limit
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.composition import Campus
from app.errors import InvalidToken, RateLimited
from app.middleware.body import plain_text_of, read_body
from app.middleware.endpoint import Endpoints
from app.problems import refusal_of
from app.route_guards import Budget, Visitor, limits_of
from app.security.client_address import bucket_of, client_address
from app.security.hash_pool import hashing_for
from app.security.rate_windows import Window
from app.services.district_settings import DISTRICT_ID_MAX_LENGTH
from app.services.shared_networks import FACTOR
from app.settings import Settings

REFUSED = Counter("campus_rate_limited_total", "Requests refused by a rate limit", ["limit"])


class RateLimitMiddleware:
    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._endpoints = Endpoints()
        self._limits: dict[object, tuple[Limit, ...]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = self._endpoints.of(scope)
        trusted = self._settings.trusted_proxies
        address = client_address(_peer(scope), _forwarded_for(scope) if trusted else "", trusted)
        scope["state"].update(endpoint=found.endpoint, route_path=found.path, client_address=address)
        limits = self._limits_of(found.endpoint)
        if not limits:
            await self.app(scope, receive, send)
            return
        request = _Request(scope, receive, found.path_params, self._settings.max_body_bytes)
        name, item, window = await request.count(limits)
        headers = _headers(name, item, window)
        if not window.allowed:
            REFUSED.labels(name).inc()
            refusal = refusal_of(scope, RateLimited(window.reset_s))
            refusal.raw_headers.extend(headers)
            await refusal(scope, receive, send)
            return

        async def send_with_standing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        with hashing_for(request.district):
            await self.app(scope, request.receive, send_with_standing)

    def _limits_of(self, endpoint: object) -> tuple[Limit, ...]:
        limits = self._limits.get(endpoint)
        if limits is None:
            limits = self._limits[endpoint] = tuple(limits_of(endpoint, self._settings))
        return limits


class _Request:
    """One request on its way through its limits; its body is read only where a limit is about what stands in it."""

    def __init__(self, scope: Scope, receive: Receive, path_params: Mapping[str, Any], max_body_bytes: int) -> None:
        self.scope, self.receive = scope, receive
        self._path_params = path_params
        self._max_body_bytes = max_body_bytes
        self._campus: Campus = scope["app"].state.campus
        self._address = scope["state"]["client_address"]
        self.district: str | None = None
        """The one that it names, where its limits ask for that."""

    async def count(self, limits: tuple[Limit, ...]) -> tuple[str, RateLimitItem, Window]:
        """The limit that refuses, or else the visitor's own, with how it stands."""
        own, *ceilings = limits
        visitor = Visitor(bucket_of(self._address), self._session() if own.scope == Budget.SESSION else None)
        item, window = await self._count_own(own, visitor)
        if window.allowed and ceilings:
            self.district = await self._district()
            visitor = visitor._replace(district=self.district)
            for ceiling in ceilings:
                key = ceiling.key_func(visitor)
                above = await self._campus.rate_windows.hit(ceiling.limit, ceiling.scope, key) if key else window
                if not above.allowed:
                    return ceiling.scope, ceiling.limit, above
        return own.scope, item, window

    async def _count_own(self, own: Limit, visitor: Visitor) -> tuple[RateLimitItem, Window]:
        """Many people share an address of their school; a request that names its district has the budget of all of them."""
        key, windows = own.key_func(visitor), self._campus.rate_windows
        school = None if visitor.session else await self._school_of_visitor()
        if school is None:
            window = await windows.hit(own.limit, own.scope, key)
            if window.allowed or visitor.session:
                return own.limit, window
            school = await self._school_of_visitor(about_to_refuse=True)
            if school is None:
                return own.limit, window
        item = type(own.limit)(own.limit.amount * FACTOR, own.limit.multiples)
        return item, await windows.hit(item, own.scope, key, school)

    async def _school_of_visitor(self, *, about_to_refuse: bool = False) -> str | None:
        districts = await self._campus.networks.districts_at(self._address, about_to_refuse=about_to_refuse)
        district = await self._district() if districts else None
        return district if district in districts else None

    async def _district(self) -> str | None:
        """The district that the request names: in its body, or where it has none in its path or query."""
        if self.scope["method"] in {"POST", "PUT", "PATCH"}:
            body, self.receive = await read_body(self.scope, self.receive, self._max_body_bytes)
            named = plain_text_of(body, "district")
        else:
            named = self._path_params.get("district_id") or QueryParams(self.scope["query_string"]).get("district")
        return named if named and len(named) <= DISTRICT_ID_MAX_LENGTH else None

    def _session(self) -> str | None:
        """The session of a genuine access token."""
        scheme, _, token = Headers(scope=self.scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return str(self._campus.access_tokens.verify(token).session_id)
        except InvalidToken:
            return None


def _headers(name: str, item: RateLimitItem, window: Window) -> list[tuple[bytes, bytes]]:
    """Structured fields of the IETF draft (RateLimit header fields for HTTP)."""
    return [
        (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (name.encode(), item.amount, item.get_expiry())),
        (b"ratelimit", b'"%s";r=%d;t=%d' % (name.encode(), window.remaining, window.reset_s)),
    ]


def _peer(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


def _forwarded_for(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
