"""The built front end behind a port of its own, as any web server would serve it: files by name, the page for every other address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from tests.support.served import free_port

BUILT = Path(__file__).parents[3] / "examples" / "spa" / "dist"
_BUILT_FOR = "http://127.0.0.1:8000"
"""The service that the build names, in two places of its page."""


@asynccontextmanager
async def serving_front_end(service: str) -> AsyncIterator[str]:
    """Gives its origin. Its page names `service` where the build names the service of `make dev`."""
    assert (BUILT / "index.html").is_file(), "The front end is not built. Run: make front-end"
    page = (BUILT / "index.html").read_text(encoding="utf-8").replace(_BUILT_FOR, service)
    files = {f"/{path.relative_to(BUILT)}": path for path in BUILT.rglob("*") if path.is_file()}

    async def answer(request: Request) -> Response:
        found = files.get(request.url.path)
        return FileResponse(found) if found and found.name != "index.html" else HTMLResponse(page)

    port = free_port()
    app = Starlette(routes=[Route("/{path:path}", answer)])
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not serving.done(), "the front end's server ended before it had begun"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
