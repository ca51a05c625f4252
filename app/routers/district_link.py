"""Many districts, one login: linking one's accounts and switching between them."""

from uuid import UUID

from app.errors import (
    AlreadyLinked,
    FeatureDisabled,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    LinkCodeExpired,
    LinkCodeInvalid,
    LinkingNotAvailable,
    LinksSuspended,
    Maintenance,
    NotFound,
    PortalMismatch,
    SameDistrict,
    SignInAgain,
    StepUpRequired,
    TotpRequired,
)
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import Caller, CampusPart, IdempotencyKey
from app.routers.operations import Operations
from app.schemas.district_link import LinkCodeAnswer, LinksAnswer, RedeemLinkCodeBody, SwitchBody
from app.schemas.session import SessionAnswer

router = Operations(prefix="/districts/link", tags=["Linking"])


@router.get("", summary="My linked accounts", responses=refusals(), response_model_exclude_none=True)
@limited(Budget.SESSION)
async def list_links(caller: Caller, campus: CampusPart) -> LinksAnswer:
    """Whether this district offers linking, why not, and the accounts of other districts that this one is linked with."""
    return LinksAnswer.of(await campus.linking.links(caller))


@router.post(
    "/codes",
    summary="Show a code for linking",
    status_code=201,
    responses=refusals(SignInAgain, LinkingNotAvailable, LinksSuspended),
)
@limited(Budget.SESSION)
async def create_link_code(caller: Caller, campus: CampusPart) -> LinkCodeAnswer:
    """To be typed into the account of the other district within ten minutes; it works once. Wants a sign-in of the last 15 minutes."""
    return LinkCodeAnswer.model_validate(await campus.linking.show_code(caller))


@router.post(
    "",
    summary="Link with the account that shows a code",
    status_code=201,
    responses=refusals(
        SignInAgain,
        LinkingNotAvailable,
        LinksSuspended,
        LinkCodeInvalid,
        LinkCodeExpired,
        AlreadyLinked,
        SameDistrict,
        PortalMismatch,
        IdempotencyKeyReused,
        IdempotencyInProgress,
    ),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def redeem_link_code(
    body: RedeemLinkCodeBody, caller: Caller, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> LinksAnswer:
    """Both owners are told by mail. Ten wrong codes an hour; a refusal does not use the code up."""
    return LinksAnswer.of(await campus.linking.redeem(caller, body.code, idempotency_key))


@router.post("/confirm", summary="My links are still mine", status_code=204, responses=refusals(SignInAgain))
@limited(Budget.SESSION)
async def confirm_links(caller: Caller, campus: CampusPart) -> None:
    """After a reset, where `next_steps` asks for `confirm_links`. Wants a sign-in of the last 15 minutes; the linked accounts are told."""
    await campus.linking.confirm(caller)


@router.delete("/{account_id}", summary="Unlink an account", status_code=204, responses=refusals(NotFound))
@limited(Budget.SESSION)
async def unlink_account(account_id: UUID, caller: Caller, campus: CampusPart) -> None:
    """Takes one account out of the group, perhaps one's own. Sessions that were switched to or from it end; the owners are told."""
    await campus.linking.unlink(caller, account_id)


@router.post(
    "/{account_id}/switch",
    summary="Switch to a linked account",
    responses=refusals(NotFound, LinkingNotAvailable, FeatureDisabled, Maintenance, StepUpRequired, TotpRequired),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def switch_account(
    account_id: UUID, caller: Caller, campus: CampusPart, body: SwitchBody | None = None
) -> SessionAnswer:
    """A session of the linked account, with the sign-in time and the end of this one.

    `push_activated` says whether this first switch on a known device turned push messages on there.
    """
    installation_id = body.installation_id if body else None
    return SessionAnswer.of(await campus.switching.switch(caller, account_id, installation_id))
