"""The HTTP application: middleware, routes and handlers around the wired product.

request id -> security headers -> CORS -> errors -> rate limit -> app life -> errors -> request body -> CAPTCHA threshold -> router -> service
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import cache, partial
from types import ModuleType
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Scope

from app import __version__, metrics
from app.clock import Clock
from app.composition import Campus, open_campus
from app.doctor import refuse_unsafe
from app.errors import CampusError
from app.logs import configure_logs
from app.mail.senders import MailSender
from app.middleware.app_life import AppLifeMiddleware
from app.middleware.captcha_threshold import CaptchaThresholdMiddleware
from app.middleware.district_cors import DistrictCORSMiddleware
from app.middleware.errors import ErrorsMiddleware
from app.middleware.rate_limit import RateLimitMiddleware
from app.middleware.request_body import RequestBodyMiddleware
from app.middleware.request_context import RequestContextMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.openapi import operation_id, specification
from app.problems import refuse
from app.push.senders import PushSender
from app.routers import (
    activate,
    admin,
    apps,
    captcha,
    claim,
    dev_mail,
    devices,
    dispute,
    district_link,
    districts,
    docs,
    household,
    key_requests,
    login,
    me,
    pages,
    passkeys,
    password_reset,
    problems,
    recovery_email,
    service,
    sso,
    support_tickets,
    totp,
    username_recovery,
)
from app.routers.lean_route import LeanRoute
from app.settings import Settings, load_settings
from app.telemetry import switch as telemetry
from app.worker import worker_beside

log = structlog.get_logger("campus")

ROUTERS: tuple[ModuleType, ...] = (
    me,
    login,
    district_link,  # before the districts, one of which could be called "link"
    districts,
    devices,
    household,
    totp,
    passkeys,
    captcha,
    claim,
    key_requests,
    activate,
    password_reset,
    username_recovery,
    recovery_email,
    dispute,
    sso,
    support_tickets,
    apps,
    service,
    problems,
    docs,
    pages,
    dev_mail,
    admin,
)
"""In the order of how often they are asked for: FastAPI looks through them one by one, 5 to 10 us each."""
ASKED_MOST = frozenset(
    {"/me", "/me/students", "/login", "/login/refresh", f"{district_link.router.prefix}/{{account_id}}/switch"}
)
"""Found before all others; no other path fits what these are asked for."""


_NOTHING_BY_ITSELF: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own spans hold paths, queries and whatever a client calls its trace, its logs the messages of errors: see app.telemetry."""


def create_server_app() -> ASGIApp:
    """The factory of `campus serve`: reads the environment; in development one process is also the worker."""
    settings = load_settings()
    telemetry.begin(settings)
    return telemetry.around(create_app(settings, with_worker=not settings.is_production))


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    mail_sender: MailSender | None = None,
    push_sender: PushSender | None = None,
    with_worker: bool = False,
) -> FastAPI:
    """The application; without arguments it reads the environment.

    Raises:
        SettingsError: the environment does not make a usable configuration, or an unsafe one for production.
    """
    settings = settings or load_settings()
    refuse_unsafe(settings)
    configure_logs(settings)
    opening = partial(open_campus, settings, clock=clock, mail_sender=mail_sender, push_sender=push_sender)
    app = FastAPI(
        title="Campus Accounts",
        version=__version__,
        lifespan=_lifespan(settings, opening, with_worker=with_worker),
        routes=_most_asked_first(_routes()),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NOTHING_BY_ITSELF,
    )
    for refusal in (CampusError, HTTPException, RequestValidationError):
        app.add_exception_handler(refusal, refuse)
    _specify(app)
    _surround(app, settings)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Those of all routers, in the order of the specification. They depend on no setting, and binding them takes ten times as long as all else that makes an application."""
    house = APIRouter(route_class=LeanRoute, generate_unique_id_function=operation_id)
    for router in ROUTERS:
        router.router.bind_to(house)
    return tuple(house.routes)


def _most_asked_first(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    return sorted(routes, key=lambda route: getattr(route, "path", None) not in ASKED_MOST)


def _lifespan(
    settings: Settings, opening: Callable[[], AbstractAsyncContextManager[Campus]], *, with_worker: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if settings.is_production:
            gc.freeze()  # before opening goes back to the usual searches, the first of which would go through all of it
        async with opening() as campus:
            app.state.campus = campus
            await campus.hash_pool.open()
            if settings.is_production:
                _spare_what_stays()
            log.info("started", version=__version__, environment=settings.env.value)
            async with worker_beside(campus) if with_worker else nullcontext():
                yield
        metrics.process_ends()
        await asyncio.to_thread(telemetry.end)

    return lifespan


def _surround(app: FastAPI, settings: Settings) -> None:
    # The last one added is the outermost.
    app.add_middleware(CaptchaThresholdMiddleware, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(RequestBodyMiddleware, settings=settings)
    # Twice: within the limits, so that every refusal says how they stand; around them, for what goes wrong there.
    app.add_middleware(ErrorsMiddleware)
    app.add_middleware(AppLifeMiddleware, apps=settings.apps)
    app.add_middleware(RateLimitMiddleware, settings=settings)
    app.add_middleware(ErrorsMiddleware)
    app.add_middleware(DistrictCORSMiddleware, allows_origin=_allows_origin)
    app.add_middleware(SecurityHeadersMiddleware, https=settings.public_url.startswith("https://"))
    app.add_middleware(RequestContextMiddleware)


def _spare_what_stays() -> None:
    """Takes what start-up made out of the search for garbage, and searches less often.

    Else each search goes through 150,000 objects that stay for good: a tenth to a quarter of `GET /me` at 64 connections, and a stop
    of the whole loop each time. What little of it is garbage stays, too: to find it took a tenth of a second of each start.
    """
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _specify(app: FastAPI) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            in_order = _routes()
            added_since = [route for route in app.routes if route not in in_order]
            app.openapi_schema = specification([*in_order, *added_since])
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to bring one's own document


async def _allows_origin(scope: Scope, origin: str) -> bool:
    campus: Campus = scope["app"].state.campus
    return await campus.districts.allows_origin(origin)
