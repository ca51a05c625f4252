"""The short way through FastAPI, for operations that want nothing but to know who asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from app.routers.dependencies import SOLVERS

Handler = Callable[[Request], Awaitable[Response]]


class LeanRoute(APIRoute):
    """Where an endpoint has parameters, a body, other dependencies than `SOLVERS` or no model to answer with, it is FastAPI's own route.

    For the others FastAPI would solve the same tree of dependencies, open the same stacks of contexts and check the answer against its
    model once more at each request: a fifth of `GET /me`.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._lean = _handler(self) if _is_simple(self) else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._lean is None or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        response = await self._lean(Request(scope, receive, send))
        await response(scope, receive, send)


def _handler(route: APIRoute) -> Handler:
    endpoint, status = route.endpoint, route.status_code or 200
    without_none, by_alias = route.response_model_exclude_none, route.response_model_by_alias
    solvers = {each.name or "": SOLVERS[each.call] for each in route.dependant.dependencies}

    async def handle(request: Request) -> Response:
        answer: BaseModel = await endpoint(**{name: await solve(request) for name, solve in solvers.items()})
        text = answer.model_dump_json(exclude_none=without_none, by_alias=by_alias)
        return Response(text, status, media_type="application/json")

    return handle


def _is_simple(route: APIRoute) -> bool:
    wants, model = route.dependant, route.response_model
    others = (
        *(wants.path_params, wants.query_params, wants.header_params, wants.cookie_params, wants.body_params),
        *(wants.request_param_name, wants.response_param_name, wants.background_tasks_param_name),
    )
    return (
        isinstance(model, type)
        and issubclass(model, BaseModel)
        and not any(others)
        and all(each.call in SOLVERS for each in wants.dependencies)
    )
