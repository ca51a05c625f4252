"""Which endpoint a request will reach, found before routing, so that guards follow the route and not the text of the URL."""

from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class Endpoints:
    """The routes of an application by their path; made at the first request, when all of them are there."""

    def __init__(self) -> None:
        self._literal: dict[str, list[RouteContext]] | None = None
        self._templates: list[RouteContext] = []

    def of(self, scope: Scope) -> tuple[object | None, dict[str, Any]]:
        """The endpoint and the parameters of its path; None where the router will find nothing, or not for this method."""
        if self._literal is None:
            self._literal = self._learn(scope["app"].routes)
        for route in (*self._literal.get(scope["path"], ()), *self._templates):
            match, child = route.matches(dict(scope))
            if match is Match.FULL:
                return route.endpoint, child.get("path_params", {})
        return None, {}

    def _learn(self, routes: list[BaseRoute]) -> dict[str, list[RouteContext]]:
        literal: dict[str, list[RouteContext]] = {}
        for route in iter_route_contexts(routes):
            if route.path_format is None or "{" in route.path_format:
                self._templates.append(route)
            else:
                literal.setdefault(route.path_format, []).append(route)
        return literal
