"""The short way through FastAPI, for operations that want to know who asks, and plain parameters."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from fastapi.params import Body
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from app.routers.dependencies import SOLVERS

Given = dict[str, Any]
"""What a request gives the endpoint, by the names of its parameters."""

_PLAIN = (str, int, bool, UUID)


class _Unclear(Exception):
    """A request that is not plainly right: FastAPI's own way finds out what is wrong with it, and says so."""


class LeanRoute(APIRoute):
    """FastAPI's own route, but for endpoints that want no other dependencies than `SOLVERS`, plain parameters and a model as the body.

    They answer with a model, too. For them FastAPI would solve the same tree of dependencies, open the same stacks of contexts and check
    the answer against its model once more at each request: a fifth of `GET /me`, and more where there are parameters.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._lean = _handler(self) if _is_simple(self) else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._lean is None or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await self._lean(request)
        except _Unclear:
            await super().handle(scope, await _received_again(request), send)
            return
        await response(scope, receive, send)


def _handler(route: APIRoute) -> Callable[[Request], Awaitable[Response]]:
    endpoint, status = route.endpoint, route.status_code or 200
    without_none, by_alias = route.response_model_exclude_none, route.response_model_by_alias
    solvers = {each.name or "": SOLVERS[each.call] for each in route.dependant.dependencies}
    given_in = _reader(route)

    async def handle(request: Request) -> Response:
        given = await given_in(request) if given_in else {}
        for name, solve in solvers.items():
            given[name] = await solve(request)
        answer: BaseModel = await endpoint(**given)
        text = answer.model_dump_json(exclude_none=without_none, by_alias=by_alias)
        return Response(text, status, media_type="application/json")

    return handle


def _reader(route: APIRoute) -> Callable[[Request], Awaitable[Given]] | None:
    """What reads path, query and body, and raises `_Unclear`; None where the endpoint wants nothing of them."""
    wants = route.dependant
    in_path, in_query, bodies = wants.path_params, wants.query_params, wants.body_params
    if not (in_path or in_query or bodies):
        return None

    async def read(request: Request) -> Given:
        given = dict(_parameters(in_path, request.path_params)) if in_path else {}
        if in_query:
            given.update(_parameters(in_query, request.query_params))
        if bodies:
            given[bodies[0].name] = _checked(bodies[0], _json_of(await request.body()))
        return given

    return read


def _parameters(fields: Sequence[Any], source: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        yield field.name, _checked(field, source.get(field.alias))


def _checked(field: Any, value: object) -> Any:
    """As the parameter's type makes it; nothing is its default."""
    if value is None:
        if field.field_info.is_required():
            raise _Unclear
        return field.default
    checked, faults = field.validate(value)
    if faults:
        raise _Unclear
    return checked


def _json_of(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError) as fault:
        raise _Unclear from fault


async def _received_again(request: Request) -> Receive:
    """The same body once more, if it was read."""
    messages: list[Message] = []
    if hasattr(request, "_body"):
        messages = [{"type": "http.request", "body": await request.body(), "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await request.receive()

    return receive


def _is_simple(route: APIRoute) -> bool:
    wants, model = route.dependant, route.response_model
    others = (
        *(wants.header_params, wants.cookie_params),
        *(wants.request_param_name, wants.response_param_name, wants.background_tasks_param_name),
    )
    return (
        isinstance(model, type)
        and issubclass(model, BaseModel)
        and not any(others)
        and all(each.call in SOLVERS for each in wants.dependencies)
        and all(_is_plain(each) for each in (*wants.path_params, *wants.query_params))
        and (not wants.body_params or _is_model(wants.body_params))
    )


def _is_plain(field: Any) -> bool:
    return field.field_info.annotation in _PLAIN


def _is_model(bodies: Sequence[Any]) -> bool:
    """One model that is the whole body, and may be left out or not."""
    annotation = bodies[0].field_info.annotation
    kinds = {kind for kind in getattr(annotation, "__args__", (annotation,)) if kind is not type(None)}
    return (
        len(bodies) == 1
        and type(bodies[0].field_info) is Body
        and not bodies[0].field_info.embed
        and all(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)
    )
