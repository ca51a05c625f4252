"""The mails of a development server, to read in the browser. Nowhere else is there anything here."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends
from fastapi.responses import HTMLResponse, Response

from app.errors import NotFound
from app.pages.mail_folder import MOST_SHOWN, ShownMail, find_mail, newest_mails
from app.pages.rendering import render
from app.routers.dependencies import CampusPart
from app.routers.operations import Operations
from app.translation import translator

router = Operations(prefix="/dev/mail", include_in_schema=False)

_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
# A mail styles itself, and its links open beside the mailbox. The sandbox holds for whoever opens the part without the frame, too.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_LINKS_OPEN_BESIDE = '<base target="_blank">'


async def _folder(campus: CampusPart) -> Path:
    """Raises NotFound in production, and where a mail server takes the mails."""
    folder = campus.settings.mail_folder
    if campus.settings.is_production or folder is None:
        raise NotFound
    return folder


Folder = Annotated[Path, Depends(_folder)]


@router.get("")
def list_dev_mails(folder: Folder) -> Response:
    return _page("mailbox.html", assets="../pages/assets", mails=newest_mails(folder), most=MOST_SHOWN)


@router.get("/{name}")
def get_dev_mail(name: str, folder: Folder) -> Response:
    return _page("mail.html", assets="../../pages/assets", mail=_mail(folder, name))


@router.get("/{name}/html")
def get_dev_mail_html(name: str, folder: Folder) -> Response:
    html = _mail(folder, name).html
    if html is None:
        raise NotFound
    return HTMLResponse(html + _LINKS_OPEN_BESIDE, headers={"Content-Security-Policy": _MAIL_POLICY})


def _mail(folder: Path, name: str) -> ShownMail:
    mail = find_mail(folder, name)
    if mail is None:
        raise NotFound
    return mail


def _page(template: str, **values: object) -> Response:
    html = render(template, translator(None), **values)
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY, "X-Robots-Tag": "noindex"})
