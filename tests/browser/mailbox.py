"""What the service has mailed, as those read it who got it."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.pages.mail_folder import ShownMail, newest_mails
from tests.support.portal import Server


@dataclass(frozen=True)
class Mailbox:
    server: Server
    folder: Path

    async def link(self, page: str, *, to: str | None = None) -> str:
        """The newest link to this page, after everything that is due has been sent."""
        return next(found for mail in await self.mails(to) if (found := link_in(mail, page)))

    async def mails(self, to: str | None = None) -> list[ShownMail]:
        """Newest first; of one reader, if somebody is named."""
        while await self.server.campus.mail_delivery.deliver_due():
            pass
        return [mail for mail in newest_mails(self.folder) if to in {None, mail.to}]


def link_in(mail: ShownMail, page: str) -> str:
    """Empty where the mail does not lead there."""
    found = re.search(rf"https?://[^\s/]+{page}\S*#\S+", mail.text)
    return found[0] if found else ""
