"""Activation keys at the desk: issue one, look at those that there are, take one back."""

from uuid import UUID

from app.errors import DailyLimitReached, FeatureDisabled, KeyNotLive, NoAddress, NotEntitled, NotFound
from app.openapi import refusals
from app.portals import Portal
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.activation_keys import IssuedKeyAnswer, KeyList, KeyOrderBody
from app.services.clerk import StaffRole
from app.services.office.issued_keys import KeyQuery
from app.services.office.key_facts import KeyState

router = Operations(prefix="/activation-keys")


@router.post(
    "",
    summary="Issue an activation key",
    status_code=201,
    responses=refusals(NotFound, FeatureDisabled, NotEntitled, NoAddress, DailyLimitReached),
    response_model_exclude_none=True,
)
@for_staff(StaffRole.HELP_DESK, step_up=True)
async def issue_activation_key(body: KeyOrderBody, clerk: AtDesk, campus: CampusPart) -> IssuedKeyAnswer:
    """Instead of the person's live key, if there is one. For somebody who has an account it starts that account over.

    `in_person` shows the key, this once, to a clerk who has looked at a photo ID. `email` sends it to the address on record in the
    roster. `letter` shows it to nobody: the letter waits until POST /admin/activation-keys/letters prints it. There is no phone channel.
    A key for the staff portal is a district admin's to issue, and nobody issues one to himself.
    """
    return IssuedKeyAnswer.of(await campus.office_keys.issue(clerk, body.order()), body.channel)


@router.get("", summary="List activation keys", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.HELP_DESK)
async def list_activation_keys(
    clerk: AtDesk,
    campus: CampusPart,
    after: AfterMoment,
    state: KeyState | None = None,
    person_id: UUID | None = None,
    batch_id: UUID | None = None,
    portal: Portal | None = None,
    limit: Limit = 20,
) -> KeyList:
    """Those of the clerk's part of the district, newest first. No answer here holds a key."""
    query = KeyQuery(state, person_id, batch_id, portal)
    return KeyList.of(await campus.issued_keys.page(clerk, query, limit, after))


@router.delete(
    "/{key_id}", summary="Take an activation key back", status_code=204, responses=refusals(NotFound, KeyNotLive)
)
@for_staff(StaffRole.HELP_DESK)
async def revoke_activation_key(key_id: UUID, clerk: AtDesk, campus: CampusPart) -> None:
    """It opens nothing any more, not even for whoever is typing it at this moment."""
    await campus.issued_keys.revoke(clerk, key_id)
