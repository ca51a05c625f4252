"""The real service behind a real port, in the event loop of the tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn

from app.clock import Clock
from app.main import create_app
from app.settings import Settings
from tests.support.portal import Server


@asynccontextmanager
async def listening(settings: Settings, clock: Clock) -> AsyncIterator[Server]:
    """Listens where `settings.public_url` says, until the end of the block."""
    app = create_app(settings, clock=clock)
    port = httpx.URL(settings.public_url).port or 80
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(uvicorn_server.serve())
    try:
        while not uvicorn_server.started:
            assert not serving.done(), "the server ended before it had begun"
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(base_url=settings.public_url) as http:
            yield Server(app, http)
    finally:
        uvicorn_server.should_exit = True
        await serving
