"""Mail into a folder, for development and drills: one file a mail."""

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from itertools import count
from pathlib import Path

from app.clock import Clock
from app.mail.outcomes import MailPostponed


@dataclass
class FolderSender:
    """Writes each mail whole and then gives it its name, so that a reader of `*.eml` never sees half of one.

    Names sort in order of time. Only the owner may read the files: they hold links that work.
    """

    folder: Path
    clock: Clock
    _numbers: "count[int]" = field(default_factory=count)

    async def send(self, message: EmailMessage) -> None:
        """Returns when the file is on disk. A mail that is sent twice becomes two files of one Message-ID.

        Raises:
            MailPostponed: `folder_unusable`.
        """
        # The number orders what one moment holds, the random part keeps processes apart.
        name = f"{self.clock.now():%Y%m%dT%H%M%S.%f}-{next(self._numbers):06}-{secrets.token_hex(4)}.eml"
        # Only an international address needs headers in UTF-8 (RFC 6532).
        content = message.as_bytes(policy=SMTP if str(message["To"]).isascii() else SMTPUTF8)
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError:
            raise MailPostponed("folder_unusable") from None

    async def rest(self) -> None:
        """Nothing is kept from one mail to the next."""

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.folder / f".{name}.part"
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self.folder / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _keep_name(self.folder)


def _keep_name(folder: Path) -> None:
    """After a power cut the folder remembers the new name, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
