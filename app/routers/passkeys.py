"""Passkeys: an owner's own, and signing in with one."""

from uuid import UUID

from app.errors import (
    AccountLocked,
    DistrictNotFound,
    FeatureDisabled,
    Maintenance,
    NotFound,
    PasskeyInvalid,
    SignInAgain,
    StepUpRequired,
    TicketInvalid,
    TooManyPasskeys,
    TotpRequired,
)
from app.openapi import refusals
from app.route_guards import Budget, costly, limited
from app.routers.dependencies import Caller, CampusPart
from app.routers.operations import Operations
from app.schemas.passkeys import (
    AddPasskeyBody,
    NewPasskeyOptionsAnswer,
    PasskeyDoorBody,
    PasskeyItem,
    PasskeyList,
    PasskeyLoginBody,
    PasskeyOptionsAnswer,
    RenamePasskeyBody,
)
from app.schemas.session import SessionAnswer

router = Operations()
_NOT_PROVED = (SignInAgain, StepUpRequired, TotpRequired)
_NO_DOOR = (DistrictNotFound, FeatureDisabled, Maintenance)


@router.post(
    "/login/passkey/options", tags=["Sign-in"], summary="Begin to sign in with a passkey", responses=refusals(*_NO_DOOR)
)
@limited(Budget.PUBLIC)
async def begin_passkey_login(body: PasskeyDoorBody, campus: CampusPart) -> PasskeyOptionsAnswer:
    """Nobody says who he is: the passkey does. The challenge is good for one answer within five minutes, for this district and portal.

    Ask when the page opens, too, and let the browser offer passkeys where the username is typed (`mediation: "conditional"`).
    """
    return PasskeyOptionsAnswer.of(await campus.passkey_sign_in.options(body.district, body.portal))


@router.post(
    "/login/passkey",
    tags=["Sign-in"],
    summary="Sign in with a passkey",
    responses=refusals(*_NO_DOOR, PasskeyInvalid, TicketInvalid, AccountLocked),
    response_model_exclude_none=True,
)
@costly(Budget.LOGIN)
async def login_with_passkey(body: PasskeyLoginBody, campus: CampusPart) -> SessionAnswer:
    """`credential` is what `credential.toJSON()` gives. It counts as two factors, so no code of an authenticator app is asked for.

    `ticket_invalid`: ask for new options and let the person try once more. `account_locked` comes only for a genuine passkey. Wrong
    passwords, and the waits that they lead to, do not stop a passkey.
    """
    return SessionAnswer.of(await campus.passkey_sign_in.sign_in(body.request()))


@router.post(
    "/me/passkeys/options",
    tags=["My account"],
    summary="Begin to add a passkey",
    responses=refusals(*_NOT_PROVED, TooManyPasskeys),
)
@limited(Budget.SESSION)
async def begin_passkey(caller: Caller, campus: CampusPart) -> NewPasskeyOptionsAnswer:
    """Wants a step-up of the last five minutes. Staff set up an authenticator app first (`totp_required`)."""
    return NewPasskeyOptionsAnswer.of(await campus.own_passkeys.options(caller))


@router.post(
    "/me/passkeys",
    tags=["My account"],
    summary="Add a passkey",
    status_code=201,
    responses=refusals(*_NOT_PROVED, PasskeyInvalid, TicketInvalid, TooManyPasskeys),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def add_passkey(body: AddPasskeyBody, caller: Caller, campus: CampusPart) -> PasskeyItem:
    """`credential` is what `credential.toJSON()` gives. The owner is told by mail, with a link to dispute it."""
    added = await campus.own_passkeys.add(caller, body.credential.credential(), body.name)
    return PasskeyItem.model_validate(added)


@router.get(
    "/me/passkeys",
    tags=["My account"],
    summary="List my passkeys",
    responses=refusals(),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def list_passkeys(caller: Caller, campus: CampusPart) -> PasskeyList:
    """Newest first."""
    return PasskeyList.of(list(await campus.own_passkeys.list(caller)))


@router.patch(
    "/me/passkeys/{passkey_id}",
    tags=["My account"],
    summary="Rename a passkey",
    responses=refusals(NotFound),
    response_model_exclude_none=True,
)
@limited(Budget.SESSION)
async def rename_passkey(passkey_id: UUID, body: RenamePasskeyBody, caller: Caller, campus: CampusPart) -> PasskeyItem:
    """Only this list shows the name."""
    return PasskeyItem.model_validate(await campus.own_passkeys.rename(caller, passkey_id, body.name))


@router.delete(
    "/me/passkeys/{passkey_id}",
    tags=["My account"],
    summary="Remove a passkey",
    status_code=204,
    responses=refusals(*_NOT_PROVED, NotFound),
)
@limited(Budget.SESSION)
async def remove_passkey(passkey_id: UUID, caller: Caller, campus: CampusPart) -> None:
    """It opens the account no more; the password does. Sessions go on: `GET /me/sessions` lists them. The owner is told by mail."""
    await campus.own_passkeys.remove(caller, passkey_id)
