"""Which endpoint a request will reach, found before routing, so that guards follow the route and not the text of the URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


@dataclass(frozen=True)
class Found:
    endpoint: object | None
    path: str | None
    """The template, such as `/districts/{district_id}`."""
    path_params: Mapping[str, Any]


NOTHING = Found(None, None, {})
"""The router will find nothing either, or not for this method."""


class Endpoints:
    """The routes of an application by their path; made at the first request, when all of them are there."""

    def __init__(self) -> None:
        self._literal: dict[tuple[str, str], Found] | None = None
        self._templates: list[RouteContext] = []

    def of(self, scope: Scope) -> Found:
        if self._literal is None:
            self._literal = self._learn(scope["app"].routes)
        # The router's patterns end with `$`, which matches before a last newline, too: `/login%0A` is `/login` for it.
        found = self._literal.get((scope["method"], scope["path"].removesuffix("\n")))
        return found or self._of_template(scope)

    def _of_template(self, scope: Scope) -> Found:
        for route in self._templates:
            match, child = route.matches(dict(scope))
            if match is Match.FULL:
                return Found(route.endpoint, route.path_format, child.get("path_params", {}))
        return NOTHING

    def _learn(self, routes: list[BaseRoute]) -> dict[tuple[str, str], Found]:
        literal: dict[tuple[str, str], Found] = {}
        for route in iter_route_contexts(routes):
            if route.path_format is None or "{" in route.path_format:
                self._templates.append(route)
                continue
            for method in route.methods or ():
                literal.setdefault((method, route.path_format), Found(route.endpoint, route.path_format, {}))
        return literal
