"""Mail in a folder: whole files, in the order in which they were sent."""

import asyncio
import stat
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from app.clock import ManualClock
from app.mail.compose import compose
from app.mail.folder import FolderSender
from app.mail.outcomes import MailPostponed
from tests.mail.letters import MAIL_FROM, NOW, letter, mailed, shown

MAILS = 40


def mail_to(address: str) -> EmailMessage:
    return compose(letter("password_reset", to=address), MAIL_FROM, NOW)


def files_in(folder: Path, pattern: str = "*") -> list[Path]:
    """Hidden ones, too."""
    return sorted(folder.glob(pattern))


def mails_in(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), EmailMessage, policy=default) for path in files_in(folder, "*.eml")]


async def test_the_file_is_the_mail(tmp_path: Path, clock: ManualClock) -> None:
    await FolderSender(tmp_path / "new" / "outbox", clock).send(mail_to("maria@home.example"))
    (mail,) = mails_in(tmp_path / "new" / "outbox")
    assert mail.items()[:-2] == mailed(letter("password_reset")).items()[:-2]
    assert shown(mail) == shown(mailed(letter("password_reset")))


async def test_names_sort_in_order_of_time_and_within_a_moment(tmp_path: Path, clock: ManualClock) -> None:
    sender = FolderSender(tmp_path, clock)
    for number in range(MAILS):
        await sender.send(mail_to(f"{number}@home.example"))
        clock.advance(timedelta(milliseconds=300 * (number % 3)))
    clock.advance(timedelta(days=200))
    await FolderSender(tmp_path, clock).send(mail_to("after.a.restart@home.example"))
    assert [str(mail["To"]).partition("@")[0] for mail in mails_in(tmp_path)] == [
        *map(str, range(MAILS)),
        "after.a.restart",
    ]


async def test_a_reader_never_sees_half_a_mail(tmp_path: Path, clock: ManualClock) -> None:
    sender, whole = FolderSender(tmp_path, clock), len(mail_to("maria@home.example").as_bytes())
    sending = asyncio.gather(*(sender.send(mail_to("maria@home.example")) for _ in range(MAILS)))
    while not sending.done():
        assert {path.stat().st_size for path in files_in(tmp_path, "*.eml")} <= {whole}
        await asyncio.sleep(0)
    await sending
    assert len(files_in(tmp_path)) == MAILS


async def test_a_mail_that_is_sent_twice_is_there_twice_under_one_id(tmp_path: Path, clock: ManualClock) -> None:
    sender = FolderSender(tmp_path, clock)
    for _ in range(2):
        await sender.send(mail_to("maria@home.example"))
    assert [mail["Message-ID"] for mail in mails_in(tmp_path)] == ["<0198-1@campus.example>"] * 2


async def test_only_the_owner_may_read_links_that_work(tmp_path: Path, clock: ManualClock) -> None:
    await FolderSender(tmp_path / "outbox", clock).send(mail_to("maria@home.example"))
    (file,) = files_in(tmp_path / "outbox")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700


async def test_a_folder_that_cannot_be_used_leaves_the_mail_for_later(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "outbox").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(MailPostponed, match=r"^folder_unusable$"):
        await FolderSender(tmp_path / "outbox", clock).send(mail_to("maria@home.example"))
    assert [path.name for path in files_in(tmp_path)] == ["outbox"]


async def test_an_international_address_is_kept(tmp_path: Path, clock: ManualClock) -> None:
    await FolderSender(tmp_path, clock).send(mail_to("josé@home.example"))
    (file,) = files_in(tmp_path)
    assert "\r\nTo: josé@home.example\r\n" in file.read_bytes().decode()
