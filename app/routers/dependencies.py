"""What endpoints ask for by name: the wired product, and who is calling."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints

from app.composition import Campus
from app.errors import Forbidden, NotAuthenticated
from app.problems import language_of
from app.route_guards import staff_access_of
from app.services.clerk import Clerk
from app.services.guard import Admission
from app.services.sessions import SignedIn
from app.translation import Translator, translator

_SCHEME: Any = {
    "auto_error": False,
    "scheme_name": "accessToken",
    "bearerFormat": "JWT",
    "description": "The `access_token` of a session",
}
_bearer = HTTPBearer(**_SCHEME)


async def _campus(request: Request) -> Campus:
    campus: Campus = request.app.state.campus
    return campus


CampusPart = Annotated[Campus, Depends(_campus)]


async def _optional_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
    return credentials.credentials if credentials else None


OptionalToken = Annotated[str | None, Depends(_optional_token)]


class _SignedIn(HTTPBearer):
    """Every signed-in request solves this one: each dependency of its own (the token, `CampusPart`) would cost it up to a tenth."""

    async def __call__(self, request: Request) -> SignedIn:  # type: ignore[override]  # FastAPI asks the call itself what it gives
        credentials = await super().__call__(request)
        if credentials is None:
            raise NotAuthenticated
        campus: Campus = request.app.state.campus
        caller = await campus.sessions.authenticate(credentials.credentials)
        request.scope["state"]["session"] = caller.session_id  # for the log, should it be refused
        return caller


_signed_in = _SignedIn(**_SCHEME)
Caller = Annotated[SignedIn, Depends(_signed_in)]
"""The endpoint wants a live session; it gets whose it is."""


async def _desk(request: Request, caller: Caller) -> Clerk:
    access = staff_access_of(request.scope["endpoint"])
    if access is None:
        raise Forbidden  # a route of the office that does not say for whom it is, is for nobody
    campus: Campus = request.app.state.campus
    return await campus.staff.clerk(caller, access)


AtDesk = Annotated[Clerk, Depends(_desk)]
"""The endpoint is the office's (`for_staff`); it gets the clerk, without whom no service of the office does anything."""


async def _admitted(request: Request) -> Admission:
    admission: Admission = getattr(request.state, "admission", None)  # type: ignore[assignment]  # None only where the body is refused
    return admission


Admitted = Annotated[Admission, Depends(_admitted)]
"""What the guard let in, for a guarded route: its service needs it, so nobody gets there past the guard."""


async def _language(request: Request, response: Response) -> Translator:
    words = translator(language_of(request.scope))
    response.headers["Content-Language"] = words.tag
    return words


Language = Annotated[Translator, Depends(_language)]
"""The language that the client asked for, as far as there are words in it."""

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=8, max_length=100, pattern=r"^[\x21-\x7e]+$")] | None,
    Header(
        alias="Idempotency-Key",
        description="A random text of the client's, the same when it repeats the request because the answer was lost",
    ),
]


async def _desk_of(request: Request) -> Clerk:
    return await _desk(request, await _signed_in(request))


SOLVERS: Mapping[object, Callable[[Request], Awaitable[object]]] = {
    _campus: _campus,
    _signed_in: _signed_in,
    _desk: _desk_of,
}
"""What most endpoints ask for, straight from the request: see lean_route.py."""
