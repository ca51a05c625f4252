"""Which of the extras are asked for, and whether they are there."""

from collections.abc import Mapping
from importlib.util import find_spec

from app.settings import PREFIX, Settings

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def wants_spans(environ: Mapping[str, str]) -> bool:
    """By the variables that every OpenTelemetry SDK reads."""
    is_disabled = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not is_disabled and any(environ.get(name) for name in ENDPOINTS)


def missing_extras(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """By variable, the extra that it asks for and that is not installed."""
    wanted = {
        ENDPOINTS[0]: ("otel", "opentelemetry.exporter.otlp.proto.http", wants_spans(environ)),
        f"{PREFIX}SENTRY_DSN": ("sentry", "sentry_sdk", settings.sentry_dsn is not None),
    }
    return {
        variable: extra
        for variable, (extra, package, is_wanted) in wanted.items()
        if is_wanted and not _is_installed(package)
    }


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # nor what it lies in
        return False
