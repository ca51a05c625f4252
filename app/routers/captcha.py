"""A fresh CAPTCHA challenge, where a refusal's own has expired meanwhile."""

from typing import Annotated

from fastapi import Query

from app.errors import DistrictNotFound
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.schemas.captcha import CaptchaAction, CaptchaChallenge
from app.schemas.common import DistrictId

router = Operations(prefix="/captcha", tags=["Sign-in"])


@router.get("", summary="A fresh CAPTCHA challenge", responses=refusals(DistrictNotFound))
@limited(Budget.PUBLIC)
async def get_captcha(
    district: Annotated[DistrictId, Query()],
    action: Annotated[CaptchaAction, Query(description="What it is to open")],
    campus: CampusPart,
) -> CaptchaChallenge:
    """Solved, it counts once, for this action in this district, for ten minutes. Refusals that ask for one carry one already."""
    return CaptchaChallenge.of(await campus.guard.challenge(action.value, district))
