"""The mailbox of a development server: what a developer reads there, and that nobody else finds anything."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.clock import ManualClock
from app.security.signing_keys import SigningKeyPair
from app.settings import Environment, Settings
from tests.pages.markup import Markup
from tests.support.engines import sqlite_only
from tests.support.portal import Server, refused, serving

pytestmark = sqlite_only

LINK = "http://campus.test/reset-password#token=cml_abc"


def put(folder: Path, name: str, subject: str, *, html: str | None = None) -> None:
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Date"] = "maria@example.org", subject, "Mon, 03 Aug 2026 12:00:00 +0000"
    mail.set_content(f"Open this link: {LINK}.\n\n<b>Not bold</b>\n")
    if html:
        mail.add_alternative(html, subtype="html")
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(bytes(mail))


async def test_an_empty_mailbox_says_so(server: Server) -> None:
    answer = await server.http.get("/dev/mail")
    assert answer.status_code == 200
    assert "No mail has been sent yet" in answer.text


async def test_the_newest_mail_stands_first(server: Server, mail_folder: Path) -> None:
    for number, subject in enumerate(["first", "second", "größer"]):
        put(mail_folder, f"2026-08-03-{number}.eml", subject)
    (mail_folder / "2026-08-03-9.tmp").write_text("half a mail")
    read = Markup((await server.http.get("/dev/mail")).text)
    rows = [row.text for row in read.all("tr")[1:]]
    assert [row.split()[:2] for row in rows] == [["maria@example.org", word] for word in ("größer", "second", "first")]
    assert all("03 Aug 2026 12:00:00" in row for row in rows)
    assert read.all("a")[0]["href"] == "mail/2026-08-03-2.eml"


async def test_a_mail_is_shown_as_text_with_links_that_work(server: Server, mail_folder: Path) -> None:
    put(mail_folder, "1.eml", "Reset <your> password")
    read = Markup((await server.http.get("/dev/mail/1.eml")).text)
    assert read.one("h1").text == "Reset <your> password"
    assert [link["href"] for link in read.all("a")] == ["../mail", LINK]
    assert "<b>Not bold</b>" in read.one("pre").text
    assert read.all("iframe", "script") == []
    assert refused(await server.http.get("/dev/mail/1.eml/html")) == (404, "not_found")


async def test_the_html_of_a_mail_is_shown_in_a_frame_that_runs_nothing(server: Server, mail_folder: Path) -> None:
    put(mail_folder, "1.eml", "Hello", html=f'<html><body><a href="{LINK}">Go</a><script>1</script></body></html>')
    page = await server.http.get("/dev/mail/1.eml")
    frame = Markup(page.text).one("iframe")
    assert frame["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert frame["title"]
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    html = await server.http.get(f"/dev/mail/{frame['src']}")
    policy = html.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert policy.endswith("frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")
    assert LINK in html.text


@pytest.mark.parametrize("name", ["none.eml", "..%2fcampus.db", "%2e%2e%2fcampus.db", "1.tmp", "%00.eml", "%2e"])
async def test_only_what_the_folder_lists_is_ever_opened(server: Server, mail_folder: Path, name: str) -> None:
    put(mail_folder, "1.eml", "Hello")
    (mail_folder / "1.tmp").write_text("half a mail")
    for page in (f"/dev/mail/{name}", f"/dev/mail/{name}/html"):
        assert (await server.http.get(page)).status_code == 404


@pytest.fixture
async def elsewhere(request: pytest.FixtureRequest, settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """The same service with other settings."""
    settings.sqlite_path.chmod(0o600)
    async with serving(settings.model_copy(update=request.param), clock) as server:
        yield server


PRODUCTION = {
    "env": Environment.PRODUCTION,
    "public_url": "https://accounts.example.org",
    "signing_keys": (SecretStr(SigningKeyPair.generate().private_pem),),
}
WITH_MAIL_SERVER = {"mail_url": "smtp://127.0.0.1:2525"}


@pytest.mark.parametrize("elsewhere", [PRODUCTION, WITH_MAIL_SERVER], indirect=True)
@pytest.mark.parametrize("page", ["/dev/mail", "/dev/mail/1.eml", "/dev/mail/1.eml/html"])
async def test_in_production_or_where_a_mail_server_takes_the_mails_there_is_no_mailbox(
    elsewhere: Server, mail_folder: Path, page: str
) -> None:
    put(mail_folder, "1.eml", "Hello", html="<p>Hello</p>")
    assert refused(await elsewhere.http.get(page)) == (404, "not_found")
