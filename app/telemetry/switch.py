"""Switching on what is asked for, once a process."""

import os

from starlette.types import ASGIApp

from app.settings import Settings, SettingsError
from app.telemetry import faults
from app.telemetry.extras import missing_extras, wants_spans


def begin(settings: Settings) -> None:
    """Once a process, before it serves.

    Raises:
        SettingsError: an extra is asked for that is not installed.
    """
    if missing := missing_extras(settings, os.environ):
        raise SettingsError([f"{variable}: install campus-accounts[{extra}]" for variable, extra in missing.items()])
    if settings.sentry_dsn is not None:
        from app.telemetry import sentry  # noqa: PLC0415  # an extra

        sentry.begin(settings.sentry_dsn.get_secret_value(), settings.env.value)
    if wants_spans(os.environ):
        from app.telemetry import tracing  # noqa: PLC0415  # an extra

        tracing.begin()


def around(app: ASGIApp) -> ASGIApp:
    """The application with a span around each request, where spans are wanted."""
    if not wants_spans(os.environ):
        return app
    from app.telemetry.tracing import TracingMiddleware  # noqa: PLC0415  # an extra

    return TracingMiddleware(app)


def end() -> None:
    """Sends what has not left yet; takes some seconds where nobody takes it."""
    for close in faults.closers:
        close()
