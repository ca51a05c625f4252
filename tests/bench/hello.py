"""The least that a FastAPI service with a database can be: the limit of requests a second and of the time to start."""

import sqlalchemy.ext.asyncio  # noqa: F401  # loaded and not used, as it costs a start what it costs ours
from fastapi import FastAPI


def create_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app
