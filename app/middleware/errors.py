"""The last resort: whatever nobody refused properly leaves as a problem, inside CORS, with its cause in the log and not in the answer."""

import traceback
from pathlib import Path

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CampusError, InternalError
from app.metrics import method_label
from app.problems import refusal_of
from app.telemetry import faults

_PACKAGE = Path(__file__).parent.parent

log = structlog.get_logger("campus.errors")


class ErrorsMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            log.info("client_gone")  # in the middle of its request: there is nobody to answer
        except Exception as fault:
            if not isinstance(fault, CampusError):
                # The type and the place, not the message: a driver's message can hold the values of a row.
                log.error("unexpected_error", error=type(fault).__name__, place=_place(fault))  # noqa: TRY400  # no traceback: it quotes values
                faults.report(fault, method=method_label(scope["method"]), **_told(scope))
            if begun:
                raise
            error = fault if isinstance(fault, CampusError) else InternalError()
            await refusal_of(scope, error)(scope, receive, send)


def _told(scope: Scope) -> dict[str, str | None]:
    state = scope.get("state") or {}
    return {"route": state.get("route_path"), "request_id": state.get("request_id")}


def _place(fault: BaseException) -> str:
    """Where it was raised: the last steps through this package, and the very last one."""
    steps = traceback.extract_tb(fault.__traceback__)
    ours = [step for step in steps if Path(step.filename).is_relative_to(_PACKAGE)]
    return " > ".join(f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in [*ours[-3:], steps[-1]])
