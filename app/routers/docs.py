"""The specification as JSON and as a page to try it on; the page's assets come from a wheel, not from the internet."""

import asyncio
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from app.errors import NotFound
from app.routers.operations import Operations

router = Operations(include_in_schema=False)

_ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Campus Accounts: the specification</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><main id="swagger-ui"></main><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true});\n'


@router.get("/openapi.json")
async def get_specification(request: Request) -> Response:
    """Made and written once, and beside the other requests: the one takes a second, the other a hundredth of one."""
    state = request.app.state
    if not hasattr(state, "specification"):
        state.specification = asyncio.create_task(asyncio.to_thread(_written, request.app))
    body = await asyncio.shield(state.specification)
    return Response(body, media_type="application/json", headers={"Cache-Control": "public, no-cache"})


def _written(app: FastAPI) -> bytes:
    return bytes(JSONResponse(app.openapi()).body)


@router.get("/docs")
async def get_docs() -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
async def get_docs_start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{asset}")
async def get_docs_asset(asset: str) -> Response:
    spec = find_spec("fastapi_offline")
    if asset not in _ASSETS or spec is None or spec.origin is None:
        raise NotFound
    return FileResponse(Path(spec.origin).parent / "static" / asset, media_type=_ASSETS[asset])
