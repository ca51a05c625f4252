"""The providers that sign a district's people in."""

from app.errors import NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.schemas.admin.sso import SsoCheckAnswer, SsoProviderAnswer, SsoProviderBody, SsoProviderList
from app.schemas.sso import ProviderInPath
from app.services.clerk import StaffRole

router = Operations(prefix="/sso")


@router.get("", summary="All providers", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_sso_providers(clerk: AtDesk, campus: CampusPart) -> SsoProviderList:
    """Those that are switched off, too. `features.sso` and `sso.redirect_uris` are settings of the district."""
    return SsoProviderList(items=[SsoProviderAnswer.of(one) for one in await campus.sso_desk.list(clerk)])


@router.put("/{provider}", summary="Add or change a provider", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def put_sso_provider(
    provider: ProviderInPath, body: SsoProviderBody, clerk: AtDesk, campus: CampusPart
) -> SsoProviderAnswer:
    """Whoever the provider says somebody is, he is here: so this wants a step-up. Holds at the next sign-in."""
    return SsoProviderAnswer.of(await campus.sso_desk.put(clerk, provider, body.settings()))


@router.delete("/{provider}", summary="Take a provider away", status_code=204, responses=refusals(NotFound))
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def remove_sso_provider(provider: ProviderInPath, clerk: AtDesk, campus: CampusPart) -> None:
    """Nobody signs in by it any more. Accounts stay, and so do sessions that it opened."""
    await campus.sso_desk.remove(clerk, provider)


@router.post(
    "/{provider}/check", summary="Ask a provider", responses=refusals(NotFound), response_model_exclude_none=True
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def check_sso_provider(provider: ProviderInPath, clerk: AtDesk, campus: CampusPart) -> SsoCheckAnswer:
    """Whether it answers, is who it is said to be, and has keys. Whether it knows our client, only a sign-in shows."""
    return SsoCheckAnswer.of(await campus.sso_desk.examine(clerk, provider))
