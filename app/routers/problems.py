"""What the `type` of a problem leads to: every kind of refusal, what it means and what to do."""

from typing import Annotated

from fastapi import Path

from app.errors import CampusError, NotFound, every_refusal
from app.openapi import refusals
from app.problems import slug
from app.route_guards import Budget, for_every_version, limited
from app.routers.dependencies import Language
from app.routers.operations import Operations
from app.schemas.service import ProblemTypeAnswer, ProblemTypeList
from app.translation import Translator

router = Operations(prefix="/problems", tags=["Service"])


@router.get("", summary="Every kind of refusal", responses=refusals())
@limited(Budget.PUBLIC)
@for_every_version
async def list_problem_types(language: Language) -> ProblemTypeList:
    """What each means and what to do about it, in the language of `Accept-Language`."""
    return ProblemTypeList(items=[_described(kind, language) for kind in every_refusal()])


@router.get("/{problem}", summary="One kind of refusal", responses=refusals(NotFound))
@limited(Budget.PUBLIC)
@for_every_version
async def get_problem_type(
    problem: Annotated[str, Path(max_length=64, examples=["username-taken"])], language: Language
) -> ProblemTypeAnswer:
    """What the `type` of a problem leads to."""
    for kind in every_refusal():
        if slug(kind.code) == problem:
            return _described(kind, language)
    raise NotFound


def _described(kind: type[CampusError], words: Translator) -> ProblemTypeAnswer:
    return ProblemTypeAnswer(
        type=f"/problems/{slug(kind.code)}",
        code=kind.code,
        status=kind.status,
        title=words.text(kind.title),
        remedy=words.text(kind.remedy),
    )
