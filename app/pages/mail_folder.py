"""The mails of a development set-up, read from the folder that they were written to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
MOST_SHOWN = 200


@dataclass(frozen=True)
class ShownMail:
    name: str
    """Of the file."""
    to: str
    subject: str
    time: str
    """As the mail itself says it."""
    text: str
    html: str | None

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether it is an address to follow."""
        end = 0
        for found in _ADDRESS.finditer(self.text):
            yield self.text[end : found.start()], False
            yield found.group(), True
            end = found.end()
        yield self.text[end:], False


def newest_mails(folder: Path) -> list[ShownMail]:
    """The newest first, which their names tell."""
    return [_read(folder / name) for name in sorted(_names(folder), reverse=True)[:MOST_SHOWN]]


def find_mail(folder: Path, name: str) -> ShownMail | None:
    """Only what the folder lists is ever opened, whatever `name` says."""
    return _read(folder / name) if name in _names(folder) else None


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.eml") if path.is_file()} if folder.is_dir() else set()


def _read(path: Path) -> ShownMail:
    mail = message_from_bytes(path.read_bytes(), EmailMessage, policy=default)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    return ShownMail(
        name=path.name,
        to=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        time=str(mail["Date"] or ""),
        text=str(text.get_content()) if text else "",
        html=str(html.get_content()) if html else None,
    )
