"""Where mailed links lead is decided by configuration alone; no header of any request has a say (D18, D19)."""

import pytest

from app.services.setting_paths import SettingRefused
from app.settings import Settings
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server
from tests.support.recovery import ADDRESS, CONFIRM, Owner, Post, new_owner

EVIL = "evil.example.com"
FORGED = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Forwarded-Proto": "ftp",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Original-URL": f"https://{EVIL}/",
    "X-Host": EVIL,
    "Forwarded": f"for=1.2.3.4;host={EVIL};proto=https",
    "Origin": f"https://{EVIL}",
    "Referer": f"https://{EVIL}/reset-password",
}


@pytest.mark.parametrize("portal_url", ["", "https://portal.jackson.example.org/app/"])
async def test_d18_no_forged_header_reaches_a_mail(
    server: Server, office: Office, post: Post, settings: Settings, portal_url: str
) -> None:
    """Every request that leads to a mail is sent with forged headers; links lead to the district's portal, else to the service."""
    await office.set(f"portal_url={portal_url}")
    server.http.headers.update(FORGED)
    maria = await new_owner(office, post)
    await maria.set_address("m@new.example.net")
    await maria.ask_for_reset()
    await maria.ask_for_usernames(ADDRESS)
    mails = await post.deliver()
    await maria.reset(next(mail for mail in mails if mail.usernames and mail.tokens()).token())
    await post.deliver()
    await maria.sign_in()
    await maria.change_password("Wide river 2026")
    await post.deliver()
    assert len(post.mails) >= 6
    for mail in post.mails:
        assert mail.bases == {portal_url.rstrip("/") or settings.public_url}, mail.text
        assert "evil" not in mail.everything


@sqlite_only
@pytest.mark.parametrize(
    "url",
    [
        "//evil.example.com",
        "javascript:alert(1)",
        "portal.example.org",
        "https://portal.example.org/a b",
        "https:\\\\evil.example.com",
        "https://portal.example.org/#/app",
        "https://portal.example.org/?next=x",
        "https://portal.example.org@evil.example.com",
        "https://",
    ],
)
async def test_d19_a_base_to_which_no_path_can_be_added_is_no_portal(office: Office, url: str) -> None:
    with pytest.raises(SettingRefused):
        await office.set(f"portal_url={url}")


@sqlite_only
async def test_a_portal_that_moves_takes_the_links_of_waiting_mails_along(
    office: Office, maria: Owner, post: Post
) -> None:
    await maria.set_address("m@new.example.net")
    await office.set("portal_url=https://moved.example.org")
    question = next(mail for mail in await post.deliver() if mail.leads_to(CONFIRM))
    assert question.bases == {"https://moved.example.org"}
