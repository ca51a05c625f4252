"""Where requests come from: each from another address, as a district's parents do, or all from one."""

import ipaddress
import itertools

import httpx
from fastapi import FastAPI

_NUMBERS = itertools.count(int(ipaddress.ip_address("10.0.0.1")))


def next_address() -> str:
    return str(ipaddress.ip_address(next(_NUMBERS)))


async def come_through_a_proxy(request: httpx.Request) -> None:
    """For a real server that trusts this machine as its proxy: each request of somebody else."""
    request.headers["X-Forwarded-For"] = next_address()


class FromEverywhere(httpx.AsyncBaseTransport):
    """Each request comes from an address of its own, so that stories about something else never meet a limit of one."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await from_one(self._app, next_address()).handle_async_request(request)


def from_one(app: FastAPI, address: str) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=app, client=(address, 1024))
