"""Structured logs with an allow-list of fields: what is not named here is never written, so no secret and no name slips in."""

import logging
import sys
from typing import Any

import structlog

from app.settings import Settings

ALLOWED = {
    "event", "level", "logger", "timestamp", "request_id", "method", "route", "status", "duration_ms", "error", "place",
    "district", "count", "seconds", "variable", "version", "host", "port", "workers", "environment", "problem", "session", "provider", "kind", "outcome", "seal",
}  # fmt: skip


def configure_logs(settings: Settings) -> None:
    """JSON lines in production, readable lines in development; both to standard error."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.is_production
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


def only_allowed(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: value for name, value in event.items() if name in ALLOWED}


class _Forward(logging.Handler):
    """What libraries log through `logging`: the place it came from, not its text, which may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower() if record.levelname in {"WARNING", "ERROR"} else "error"
        getattr(structlog.get_logger(), level)("library", logger=record.name, place=f"{record.module}:{record.lineno}")
