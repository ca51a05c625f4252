"""Families who never got the letter ask for a key."""

from typing import Any

from fastapi import Response

from app.errors import DistrictNotFound, FeatureDisabled, KeyRequestNotMatched, Maintenance
from app.openapi import refusals
from app.route_guards import Budget, costly, guarded
from app.routers.dependencies import Admitted, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.key_requests import KeyRequestBody, ShownKeyAnswer
from app.schemas.password_reset import Accepted
from app.services.guard import KEY_REQUEST
from app.translation import msg

router = Operations(prefix="/activate/key-requests", tags=["Activation"])

KEY_REQUEST_ACCEPTED = msg(
    "If these details fit together, a key is on its way to the address that the school has. "
    "If nothing comes, the office of your school can help."
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": ShownKeyAnswer, "description": "Where the district shows keys on the screen"}
}


@router.post(
    "",
    summary="Ask for an activation key",
    status_code=202,
    response_model=Accepted,
    responses=_ANSWERS | refusals(DistrictNotFound, FeatureDisabled, Maintenance, KeyRequestNotMatched),
)
@costly(Budget.ACTIVATE)
@guarded(KEY_REQUEST)
async def request_activation_key(
    body: KeyRequestBody, campus: CampusPart, admission: Admitted, language: Language
) -> Accepted | Response:
    """With facts about the student. The answer is the same for everybody; keys go to guardians without an account, at the roster's address.

    Where the district shows keys on the screen instead (`200`), wrong facts are `key_request_not_matched`. Five tries a day for a student
    number, ten in all, then only the office helps.
    """
    key = await campus.key_requests.ask(body.facts(), admission)
    if key is None:
        return Accepted(detail=language.text(KEY_REQUEST_ACCEPTED))
    return Response(ShownKeyAnswer.of(key).model_dump_json(), media_type="application/json")
