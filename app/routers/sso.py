"""Signing in by a provider of the district (OpenID Connect), beside passwords.

The browser carries its sign-in in a cookie, sealed, which only this host gets (`__Host-`) and no script reads; SameSite=Lax lets it
come back from the provider. So nobody can finish in somebody else's browser what he began in his own (login CSRF).
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse

from app.errors import (
    AccountLocked,
    DistrictNotFound,
    FeatureDisabled,
    InProgress,
    Maintenance,
    TicketInvalid,
    TooManyAttempts,
    TotpInvalid,
    TotpRequired,
)
from app.openapi import refusals
from app.route_guards import Budget, costly
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.schemas.common import DistrictId
from app.schemas.session import SessionAnswer
from app.schemas.sso import (
    AppState,
    Challenge,
    ChallengeMethod,
    ExchangeBody,
    FromProvider,
    Prompt,
    ProviderInPath,
    WhereTo,
    WhichPortal,
    WhichProvider,
)
from app.services.sso.flow import LASTS
from app.services.sso.sign_in import SsoError, SsoRequest, SsoReturn

router = Operations(prefix="/login/sso", tags=["Sign-in"])

_BEGIN = (
    "For the system's browser, not for `fetch`: leads to the provider, from there back here, and to your `redirect_uri`.\n\n"
    "There the answer is `code` and your `state`, or `error` and your `state`. Exchange the code within a minute. "
    f"The errors: {', '.join(f'`{error}`' for error in SsoError)}; more may come."
)
_ELSEWHERE: dict[int | str, dict[str, Any]] = {302: {"description": "On to the `Location`"}}
_AT_ONCE = 3
"""So many sign-ins a browser may have on their way, such as in several tabs; all of them fit into one header."""


@router.get(
    "/{district_id}",
    summary="Begin to sign in by a provider",
    status_code=302,
    response_class=RedirectResponse,
    description=_BEGIN,
    responses=_ELSEWHERE | refusals(DistrictNotFound, FeatureDisabled),
)
@costly(Budget.LOGIN)
async def begin_sso(
    district_id: DistrictId,
    portal: WhichPortal,
    redirect_uri: WhereTo,
    code_challenge: Challenge,
    request: Request,
    campus: CampusPart,
    code_challenge_method: ChallengeMethod = None,  # noqa: ARG001  # checked by its type; apps' libraries send it
    state: AppState = None,
    provider: WhichProvider = None,
    prompt: Prompt = None,
) -> RedirectResponse:
    asked = SsoRequest(district_id, portal, redirect_uri, code_challenge, state, provider, prompt)
    begun = await campus.sso_sign_in.begin(asked)
    answer = RedirectResponse(begun.location, 302)
    if begun.sealed:
        name = _free_place(request.cookies, campus.settings.public_url)
        is_https = campus.settings.public_url.startswith("https://")
        lasts = int(LASTS.total_seconds())
        answer.set_cookie(name, begun.sealed, max_age=lasts, path="/", secure=is_https, httponly=True, samesite="lax")
    return answer


@router.get(
    "/{district_id}/{provider}/callback",
    summary="Come back from a provider",
    status_code=302,
    response_class=RedirectResponse,
    responses=_ELSEWHERE | refusals(DistrictNotFound, TicketInvalid),
)
@costly(Budget.LOGIN)
async def finish_sso(
    district_id: DistrictId,
    provider: ProviderInPath,
    request: Request,
    campus: CampusPart,
    state: FromProvider = None,
    code: FromProvider = None,
    error: FromProvider = None,
    iss: FromProvider = None,
) -> RedirectResponse:
    """The address that the office registers with the provider. No app calls it."""
    carried = _carried(request.cookies, campus.settings.public_url)
    returned = SsoReturn(district_id, provider, state or "", code, error, iss)
    finished = await campus.sso_sign_in.finish(returned, list(carried.values()))
    answer = RedirectResponse(finished.location, 302)
    is_https = campus.settings.public_url.startswith("https://")
    for name, sealed in carried.items():
        if sealed == finished.sealed:
            answer.delete_cookie(name, path="/", secure=is_https, httponly=True, samesite="lax")
    return answer


@router.post(
    "/exchange",
    summary="Exchange the code for a session",
    responses=refusals(
        DistrictNotFound,
        FeatureDisabled,
        Maintenance,
        TicketInvalid,
        AccountLocked,
        TotpRequired,
        TotpInvalid,
        TooManyAttempts,
        InProgress,
    ),
    response_model_exclude_none=True,
)
@costly(Budget.LOGIN)
async def exchange_sso_code(body: ExchangeBody, campus: CampusPart) -> SessionAnswer:
    """The session of whoever the provider has signed in. No refusal uses the code up.

    Whoever has an authenticator app in this service is asked for its code, unless the district trusts its provider to ask for a second
    factor and the provider says that it did: `totp_required` gives five minutes to send the same request again with `totp`.
    """
    return SessionAnswer.of(await campus.sso_codes.exchange(body.request()))


def _names(public_url: str) -> list[str]:
    """Browsers take the prefix over https only; without https there is only development."""
    prefix = "__Host-" if public_url.startswith("https://") else ""
    return [f"{prefix}campus-sso-{place}" for place in range(_AT_ONCE)]


def _free_place(cookies: Mapping[str, str], public_url: str) -> str:
    names = _names(public_url)
    return next((name for name in names if name not in cookies), names[0])


def _carried(cookies: Mapping[str, str], public_url: str) -> dict[str, str]:
    return {name: cookies[name] for name in _names(public_url) if name in cookies}
