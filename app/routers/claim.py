"""A student claims his account with name and number."""

from app.errors import (
    AlreadyClaimed,
    ClaimNotMatched,
    ClaimTooEarly,
    DistrictNotFound,
    FeatureDisabled,
    InProgress,
    Maintenance,
    TicketInvalid,
)
from app.openapi import refusals
from app.route_guards import Budget, costly, guarded
from app.routers.dependencies import Admitted, CampusPart, Language
from app.routers.operations import Operations
from app.schemas.claim import ClaimBody, ClaimOfferAnswer, CompleteClaimBody
from app.schemas.session import SessionAnswer
from app.services.guard import CLAIM

router = Operations(prefix="/activate/claim", tags=["Activation"])


@router.post(
    "",
    summary="Claim a student's account",
    responses=refusals(DistrictNotFound, FeatureDisabled, Maintenance, ClaimNotMatched, ClaimTooEarly, AlreadyClaimed),
)
@costly(Budget.ACTIVATE)
@guarded(CLAIM)
async def claim_account(
    body: ClaimBody, campus: CampusPart, admission: Admitted, language: Language
) -> ClaimOfferAnswer:
    """With the facts that the district asks for; nothing tells which of them was wrong.

    Wrong tries count for the student number: after two a CAPTCHA is asked for; five a day and ten in all, then only the office helps.
    `claim_too_early` and `already_claimed` come only to somebody who gave every fact right.
    """
    return ClaimOfferAnswer.of(await campus.claim.begin(body.request(), admission), language)


@router.post(
    "/complete",
    summary="Choose the password of a claimed account",
    status_code=201,
    responses=refusals(TicketInvalid, AlreadyClaimed, InProgress, FeatureDisabled, Maintenance),
    response_model_exclude_none=True,
)
@costly(Budget.ACTIVATE)
async def complete_claim(body: CompleteClaimBody, campus: CampusPart) -> SessionAnswer:
    """Uses the ticket up, once, and signs in. Guardians with a confirmed address are told."""
    return SessionAnswer.of(await campus.claim_completion.complete(body.request()))
