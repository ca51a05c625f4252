"""What apps and their platforms ask of this service: which versions are wanted, and which app may open its links."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse, RedirectResponse, Response

from app.app_releases import Platform, android_asset_links, apple_site_association, release_of
from app.errors import NotFound
from app.openapi import refusals
from app.route_guards import Budget, for_every_version, limited
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.schemas.apps import AppConfigAnswer, ProductName

router = Operations()

MAILED_PATHS = ("/reset-password", "/confirm-email", "/dispute", "/activate")
_CACHED = {"Cache-Control": "public, max-age=3600"}


@router.get("/app-config", tags=["Service"], summary="Is this app new enough?", responses=refusals(NotFound))
@limited(Budget.PUBLIC)
@for_every_version
async def get_app_config(
    product: Annotated[ProductName, Query(description="Which app", examples=["campus-parent"])],
    platform: Annotated[Platform, Query(description="On what", examples=["ios"])],
    campus: CampusPart,
) -> AppConfigAnswer:
    """For the start of an app. Compare versions number by number: 5.10 is newer than 5.9."""
    settings = campus.settings
    release = release_of(settings.apps, product, platform)
    if release is None:
        raise NotFound
    return AppConfigAnswer.of(release, maintenance=settings.maintenance)


@router.get("/.well-known/apple-app-site-association", include_in_schema=False)
async def get_apple_app_site_association(campus: CampusPart) -> Response:
    association = apple_site_association(campus.settings.apps, MAILED_PATHS)
    if association is None:
        raise NotFound
    return JSONResponse(association, headers=_CACHED)


@router.get("/.well-known/assetlinks.json", include_in_schema=False)
async def get_android_asset_links(campus: CampusPart) -> Response:
    links = android_asset_links(campus.settings.apps)
    if not links:
        raise NotFound
    return JSONResponse(links, headers=_CACHED)


@router.get("/.well-known/webauthn", include_in_schema=False)
async def get_related_origins(campus: CampusPart) -> Response:
    """Front ends on other domains that may use our passkeys (WebAuthn Level 3, 5.11: related origins)."""
    origins = await campus.districts.origins_beside(campus.settings.passkey_rp_id)
    if not origins:
        raise NotFound
    return JSONResponse({"origins": origins}, headers=_CACHED)


@router.get("/.well-known/change-password", include_in_schema=False)
async def get_change_password_page(campus: CampusPart) -> Response:
    """Where password managers send people (W3C, A Well-Known URL for Changing Passwords)."""
    url = campus.settings.change_password_url
    if url is None:
        raise NotFound
    return RedirectResponse(url, status_code=302)
