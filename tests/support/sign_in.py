"""Signing in without HTTP: through the guard, as every sign-in, and then the service."""

from app.composition import Campus
from app.services.guard import SIGN_IN, Knock
from app.services.login import LoginRequest
from app.services.sessions import OpenedSession
from app.services.sign_in_ladder import SignInSubject
from app.text import fold


async def sign_in(campus: Campus, request: LoginRequest) -> OpenedSession:
    subject = SignInSubject(request.district, request.portal.value, fold(request.username))
    knock = Knock(SIGN_IN, request.district, address=None, subject=subject, password=request.password)
    async with campus.guard.admitted(knock) as admission:
        return await campus.login.sign_in(request, admission)
