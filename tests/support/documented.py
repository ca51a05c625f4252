"""Holds every answer that a test gets against the specification: what it does not name, an operation must not say."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.openapi_grammar import resolved

ANY_ADDRESS = {"not_found", "method_not_allowed"}
"""What an address can answer that is none of its operations."""


class Documented:
    def __init__(self, specification: Mapping[str, Any]) -> None:
        self._operations = [
            (
                method.upper(),
                re.compile(re.sub(r"\{\w+\}", "[^/]+", path)),
                {status: resolved(specification, answer) for status, answer in operation["responses"].items()},
            )
            for path, methods in specification["paths"].items()
            for method, operation in methods.items()
        ]

    async def check(self, answer: httpx.Response) -> None:
        """For httpx: called with every answer."""
        stated = self._stated(answer.request)
        if stated is None:
            return
        await answer.aread()
        status = str(answer.status_code)
        if answer.is_error:
            code = answer.json()["code"]
            problems = stated.get(status, {}).get("content", {}).get("application/problem+json", {})
            known = set(problems.get("examples", {})) | ANY_ADDRESS
            assert code in known, f"{answer.request.method} {answer.request.url.path} may not answer {status} {code}"
        else:
            assert status in stated, f"{answer.request.method} {answer.request.url.path} may not answer {status}"

    def _stated(self, request: httpx.Request) -> Mapping[str, Any] | None:
        for method, path, answers in self._operations:
            if request.method == method and path.fullmatch(request.url.path):
                return dict(answers)
        return None
