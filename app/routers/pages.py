"""The pages that mailed links lead to, for people without the app.

A GET shows a page and does nothing else: mail scanners open links. The secret stands behind `#`, where no server sees it; the
page's script takes it from there and calls the same JSON routes as any app, once the person presses a button.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from fastapi.responses import HTMLResponse, Response

from app.composition import Campus
from app.errors import DistrictNotFound, NotFound
from app.pages.assets import assets
from app.pages.rendering import render
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.translation import LANGUAGES, PSEUDO, Translator, translator

router = Operations(include_in_schema=False)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}
_SERVICE = "Campus Accounts"
_DISTRICT_ID = re.compile(r"[\w.~-]{1,64}", re.ASCII)


async def _words(lang: str = "", accept_language: Annotated[str | None, Header()] = None) -> Translator:
    """`?lang=` is what the reader chose on the page; the browser's wish counts before that."""
    return translator(lang if lang in {*LANGUAGES, PSEUDO} else accept_language)


Words = Annotated[Translator, Depends(_words)]


@router.get("/reset-password")
async def get_reset_password_page(words: Words) -> Response:
    return _page("reset_password.html", words, script="reset-password.js")


@router.get("/confirm-email")
async def get_confirm_email_page(words: Words) -> Response:
    return _page("confirm_email.html", words, script="confirm-email.js")


@router.get("/dispute")
async def get_dispute_page(words: Words) -> Response:
    return _page("dispute.html", words, script="dispute.js")


@router.get("/activate")
async def get_activate_page(words: Words, campus: CampusPart, district: str = "") -> Response:
    host = await _host(campus, district)
    if host is None:
        return _page("activate.html", words, script="", district=None)
    query = f"district={host.id}&"
    return _page("activate.html", words, script="activate.js", district=host, place=host.name, query=query)


@router.get("/pages/assets/{name}")
async def get_page_asset(name: str, if_none_match: Annotated[str, Header()] = "") -> Response:
    asset = assets().get(name)
    if asset is None:
        raise NotFound
    headers = {"ETag": asset.etag, "Cache-Control": "public, no-cache"}
    if asset.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def _page(template: str, words: Translator, *, place: str = _SERVICE, query: str = "", **values: object) -> Response:
    html = render(template, words, place=place, query=query, **values)
    return HTMLResponse(html, headers={**_HEADERS, "Content-Language": words.tag})


@dataclass(frozen=True)
class _Host:
    """The district whose key it is, and how to reach a person there."""

    id: str
    name: str
    phone: str | None
    email: str | None
    url: str | None


async def _host(campus: Campus, district_id: str) -> _Host | None:
    if not _DISTRICT_ID.fullmatch(district_id):
        return None
    try:
        screen = await campus.districts.login_screen(district_id)
    except DistrictNotFound:
        return None
    district, support = screen.district, screen.district.settings.support
    return _Host(district.id, district.name, support.phone, support.email, support.url) if district.opened else None
