"""Spans for OpenTelemetry: one for each request, named by its route template, and one for each statement within it.

Where they go, how many of them, and under what name is said by the SDK's own variables (`OTEL_*`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.metrics import method_label
from app.telemetry import faults
from app.telemetry.watchers import watchers

LONGEST_STATEMENT = 2_000
_QUIET = {"/healthz", "/readyz", "/metrics"}
_SPAN = "campus_span"
_PARENTS = TraceContextTextMapPropagator()
_tracers: list[Tracer] = []
"""One, once `begin` was called."""


def begin() -> None:
    names = Resource({SERVICE_NAME: "campus-accounts", SERVICE_VERSION: __version__})
    provider = TracerProvider(resource=names.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    # Ours alone: a global one would be used by every library that knows how to, with whatever it thinks worth telling.
    _tracers.append(provider.get_tracer("campus", __version__))
    event.listen(Engine, "before_cursor_execute", _statement_begins)
    event.listen(Engine, "after_cursor_execute", _statement_ended)
    event.listen(Engine, "handle_error", _statement_failed)
    watchers.append(_watch)
    faults.closers.append(provider.shutdown)


class TracingMiddleware:
    """Around everything, so that the span lasts as long as the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        (self._tracer,) = _tracers

    def __getattr__(self, name: str) -> Any:
        """What a server asks of the application itself."""
        return getattr(self.app, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _QUIET:
            await self.app(scope, receive, send)
            return
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        span = self._tracer.start_span("request", context=_parent(scope), kind=SpanKind.SERVER)
        token: Token[context.Context] = context.attach(set_span_in_context(span))
        try:
            await self.app(scope, receive, watch)
        finally:
            context.detach(token)
            _describe(span, scope, status)
            span.end()


def _parent(scope: Scope) -> context.Context:
    """The trace that a proxy has begun; its ids and nothing else, as `tracestate` and `baggage` hold whatever a client writes there."""
    given = Headers(scope=scope).get("traceparent")
    return _PARENTS.extract({"traceparent": given} if given else {}, context=context.Context())


def _describe(span: Span, scope: Scope, status: int) -> None:
    state: Mapping[str, Any] = scope.get("state") or {}
    method, route = method_label(scope["method"]), state.get("route_path") or "unmatched"
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= 500 or status == 0:
        span.set_status(StatusCode.ERROR)


@contextmanager
def _watch(engine: str, statement: str) -> Iterator[None]:
    """Around a statement that the driver itself runs."""
    if not trace.get_current_span().is_recording():
        yield
        return
    span = _statement_span(engine, statement)
    try:
        yield
    except BaseException as fault:
        _note_failure(span, fault)
        raise
    finally:
        span.end()


def _statement_begins(
    connection: Connection, _cursor: Any, statement: str, _parameters: Any, execution: Any, _many: bool
) -> None:
    if execution is not None and trace.get_current_span().is_recording():
        setattr(execution, _SPAN, _statement_span(connection.dialect.name, statement))


def _statement_ended(
    _connection: Connection, _cursor: Any, _statement: str, _parameters: Any, execution: Any, _many: bool
) -> None:
    if span := getattr(execution, _SPAN, None):
        span.end()


def _statement_failed(failed: ExceptionContext) -> None:
    if span := getattr(failed.execution_context, _SPAN, None):
        _note_failure(span, failed.original_exception)
        span.end()


def _statement_span(engine: str, statement: str) -> Span:
    """The text of a statement has names of columns in it, and no values: they go beside it."""
    word = statement.split(None, 1)[0].upper() if statement.strip() else "SQL"
    span = _tracers[0].start_span(word, kind=SpanKind.CLIENT)
    span.set_attributes(
        {"db.system.name": engine, "db.operation.name": word, "db.query.text": statement[:LONGEST_STATEMENT]}
    )
    return span


def _note_failure(span: Span, fault: BaseException) -> None:
    """Its type only: a driver's message holds the values of a row."""
    span.set_attribute("error.type", type(fault).__name__)
    span.set_status(StatusCode.ERROR)
