"""The office and accounts: why can this parent not get in, and what can be done about it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.errors import FeatureDisabled, NoAddress, NotEntitled, NotFound
from app.openapi import refusals
from app.portals import Portal
from app.route_guards import for_staff
from app.routers.admin.search import Sought
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterRow, Limit
from app.schemas.admin.accounts import AccountItem, AccountList, ResetAccountAnswer, ResetAccountBody
from app.services.clerk import StaffRole
from app.services.keys import NobodyToIssueTo

router = Operations(prefix="/accounts")


@router.get("", summary="Why can this parent not get in?", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def search_accounts(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterRow,
    q: Sought = None,
    portal: Annotated[Portal | None, Query(description="Only accounts of this portal")] = None,
    limit: Limit = 20,
) -> AccountList:
    """Accounts with everything that keeps somebody out and what can be done next; and people who have no account, with the reason.

    `q` may also be the beginning of a username, or exactly a recovery address.
    """
    return AccountList.of(await campus.account_desk.search(clerk, q=q, portal=portal, limit=limit, after=after))


@router.get("/{account_id}", summary="One account", responses=refusals(NotFound), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def get_account(account_id: UUID, clerk: AtDesk, campus: CampusPart) -> AccountItem:
    """Why somebody cannot get in, and what helps."""
    return AccountItem.of(await campus.account_desk.one(clerk, account_id))


@router.post("/{account_id}/unlock", summary="Let somebody try again", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.HELP_DESK)
async def unlock_account(account_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """Ends what wrong passwords and wrong codes have led to: the CAPTCHA, the waits, the password that is off. The password is the one before."""
    await campus.accounts.unlock(clerk, account_id)


@router.post("/{account_id}/disable", summary="Switch an account off", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.HELP_DESK)
async def disable_account(account_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """Its owner's next request is refused, on every device. Nobody switches off his own."""
    await campus.accounts.disable(clerk, account_id)


@router.post(
    "/{account_id}/enable", summary="Switch an account on again", status_code=204, responses=refusals(NotFound)
)
@for_staff(StaffRole.HELP_DESK)
async def enable_account(account_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """The password is the one before; what was signed in stays signed out."""
    await campus.accounts.enable(clerk, account_id)


@router.delete("/{account_id}", summary="Erase an account", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def erase_account(account_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """For good, with all that came of it: sessions, devices, links, answers, mails, tickets, keys. The trail keeps its ids and nothing else.

    Its owner stays in the roster, and may be given a new key. Nobody erases his own account.
    """
    await campus.accounts.erase(clerk, account_id)


@router.post(
    "/{account_id}/reset",
    summary="Take the password off and give another way in",
    responses=refusals(NotFound, NoAddress, NotEntitled, FeatureDisabled),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.HELP_DESK, step_up=True)
async def reset_account(
    account_id: UUID, body: ResetAccountBody, clerk: AtDesk, campus: CampusPart
) -> ResetAccountAnswer:
    """Ends every session and lock, too. An account that is switched off stays so; an authenticator goes only with a key.

    A key is shown only `in_person` with `photo_id_checked`; by letter or mail it is issued with POST /admin/activation-keys.
    """
    try:
        reset = await campus.accounts.reset(
            clerk, account_id, body.method, channel=body.channel, photo_id_checked=body.photo_id_checked
        )
    except NobodyToIssueTo as nobody:
        raise NotEntitled from nobody
    return ResetAccountAnswer.of(reset)
