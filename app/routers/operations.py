"""The operations of one file, declared like those of FastAPI's own router and bound to the application once."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter


class Operations(APIRouter):
    """They are remembered, and made when `bind_to` puts them straight into the router that serves them.

    FastAPI's router makes each when it is declared and once more when it is included, and looks through included routers twice at each
    request.
    """

    def __init__(self, prefix: str = "", *, tags: Sequence[str] = (), include_in_schema: bool = True) -> None:
        super().__init__(prefix=prefix, tags=[*tags], include_in_schema=include_in_schema)
        self._declared: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    @property
    def paths(self) -> set[str]:
        return {path for path, _, _ in self._declared}

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["tags"] = [*self.tags, *(options["tags"] or ())]
        options["include_in_schema"] = options["include_in_schema"] and self.include_in_schema
        self._declared.append((self.prefix + path, endpoint, options))

    def include(self, others: "Operations") -> None:
        """Those of another file, below this prefix."""
        others.bind_to(self)

    def bind_to(self, router: APIRouter) -> None:
        for path, endpoint, options in self._declared:
            router.add_api_route(path, endpoint, **options)
