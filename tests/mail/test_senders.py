"""CAMPUS_MAIL_URL says how mail leaves."""

from pathlib import Path

import pytest

from app.clock import ManualClock
from app.mail.compose import compose
from app.mail.senders import FolderSender, MailSender, MemorySender, SmtpSender, sender_for
from tests.mail.letters import MAIL_FROM, NOW, letter


@pytest.mark.parametrize(
    ("mail_url", "server", "login", "implicit_tls"),
    [
        ("smtp://mail.example:2525", ("mail.example", 2525), (None, None), False),
        ("smtp://mail.example", ("mail.example", 587), (None, None), False),
        ("smtps://mail.example/", ("mail.example", 465), (None, None), True),
        ("smtp://campus:p%40ss%2Fword%3A1@mail.example:25", ("mail.example", 25), ("campus", "p@ss/word:1"), False),
        ("smtps://campus%40school.example:x@[::1]:465", ("::1", 465), ("campus@school.example", "x"), True),
    ],
)
@pytest.mark.parametrize("require_tls", [False, True])
def test_a_url_names_a_server(
    mail_url: str,
    server: tuple[str, int],
    login: tuple[str | None, str | None],
    clock: ManualClock,
    *,
    implicit_tls: bool,
    require_tls: bool,
) -> None:
    sender = sender_for(mail_url, clock, require_tls=require_tls)
    assert isinstance(sender, SmtpSender)
    assert (sender.host, sender.port) == server
    assert (sender.username, sender.password) == login
    assert (sender.implicit_tls, sender.require_tls, sender.timeout_s) == (implicit_tls, require_tls, 10)


def test_a_url_names_a_folder_and_nothing_is_made_before_the_first_mail(tmp_path: Path, clock: ManualClock) -> None:
    sender = sender_for(f"outbox://{tmp_path}/my outbox", clock, require_tls=True)
    assert isinstance(sender, FolderSender)
    assert sender.folder == tmp_path / "my outbox"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "mail_url",
    [
        "",
        "outbox://folder",
        "sendmail:///secret",
        "http://secret@mail.example",
        "smtp://",
        "smtp:mail.example",
        "smtp://campus:secret@:25",
        "smtp://campus:sec/ret@mail.example",
        "smtp://campus:secret@mail.example:port",
        "smtp://campus:secret@mail.example:99999",
        "smtp://campus:secret@mail.example?tls=off",
        "smtp://campus:secret@[::1",
    ],
)
def test_any_other_url_is_refused_without_repeating_it(mail_url: str, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match=r"^must be outbox:///folder, smtp://") as refusal:
        sender_for(mail_url, clock, require_tls=True)
    assert "sec" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


async def test_memory_keeps_mails_in_their_order() -> None:
    memory = MemorySender()
    sender: MailSender = memory
    mails = [compose(letter(kind), MAIL_FROM, NOW) for kind in ("password_reset", "password_changed")]
    for mail in mails:
        await sender.send(mail)
    assert memory.messages == mails
