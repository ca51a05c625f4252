"""The devices that get an account's push messages."""

from typing import Annotated

from fastapi import Path

from app.errors import FeatureDisabled, NotFound
from app.openapi import refusals
from app.route_guards import Budget, for_every_version, limited
from app.routers.dependencies import Caller, CampusPart
from app.routers.operations import Operations
from app.schemas.common import Line
from app.schemas.devices import PushDeviceBody

router = Operations(prefix="/me/devices", tags=["My account"])

InstallationId = Annotated[
    Line, Path(description="Chosen by the app, stable until it is reinstalled", examples=["8f14e45f"])
]


@router.put(
    "/{installation_id}", summary="Send push messages here", status_code=204, responses=refusals(FeatureDisabled)
)
@limited(Budget.SESSION)
async def register_device(
    installation_id: InstallationId, body: PushDeviceBody, caller: Caller, campus: CampusPart
) -> None:
    """Again at each start of the app: what was not heard of for 90 days is forgotten. Ends with sign-out."""
    await campus.devices.register(caller.account, installation_id, body.registration(), for_linked=body.for_linked)


@router.delete("/{installation_id}", summary="No push messages here", status_code=204, responses=refusals(NotFound))
@limited(Budget.SESSION)
@for_every_version
async def unregister_device(installation_id: InstallationId, caller: Caller, campus: CampusPart) -> None:
    """Of this account; a later switch from a linked account does not turn them on again."""
    await campus.devices.switch_off(caller.account, installation_id)
