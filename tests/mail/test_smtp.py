"""A mail leaves by a real SMTP server, or it is known why it did not, and whether to try again."""

import asyncio
import time
import traceback
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.mail.compose import compose
from app.mail.outcomes import MailPostponed, MailRefused
from app.mail.smtp import SmtpSender
from tests.mail.letters import MAIL_FROM, NOW, letter, shown
from tests.mail.smtp_server import HOST, Certificate, Postmaster, certificate, mail_server, only_campus, raw_server

MAIL = compose(letter("password_reset", "es"), MAIL_FROM, NOW)
SHORT_S = 0.3


def plain(port: int, timeout_s: float = 10) -> SmtpSender:
    """Without encryption, as in development."""
    return SmtpSender(HOST, port, require_tls=False, timeout_s=timeout_s)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "mail.pem", HOST, SystemClock().now())


# --- it leaves --------------------------------------------------------------------------------------------------------


async def test_the_server_takes_the_mail_as_it_was_written() -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        await send(plain(port))
    (envelope,) = postmaster.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == (MAIL_FROM, ["maria@home.example"])
    assert postmaster.sessions[0].host_name == "campus.example"
    taken = received(envelope.content)
    assert [(name, taken[name]) for name in ("From", "To", "Subject", "Message-ID")] == [
        (name, MAIL[name]) for name in ("From", "To", "Subject", "Message-ID")
    ]
    assert shown(taken) == shown(received(MAIL.as_bytes()))


async def test_a_server_that_vanishes_after_taking_the_mail_has_taken_it() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        for answer in (b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await writer.drain()

    async with raw_server(talk) as port:
        await send(plain(port))


# --- it does not --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"RCPT": "450 4.2.0 greylisted"}, MailPostponed("smtp_450")),
        ({"RCPT": "451 4.3.0 try later"}, MailPostponed("smtp_451")),
        ({"DATA": "451 4.3.0 try later"}, MailPostponed("smtp_451")),
        ({"DATA": "421 4.3.2 shutting down"}, MailPostponed("smtp_421")),
        ({"RCPT": "550 5.1.1 no such mailbox"}, MailRefused("smtp_550")),
        ({"DATA": "554 5.6.0 no, thank you"}, MailRefused("smtp_554")),
        ({"MAIL": "550 5.7.1 we do not know you"}, MailPostponed("smtp_550")),
        ({"MAIL": "451 4.7.1 try later"}, MailPostponed("smtp_451")),
    ],
)
async def test_what_may_change_is_postponed_and_what_is_final_refused(
    says: dict[str, str], outcome: MailPostponed | MailRefused
) -> None:
    """That the server does not know the sender is the operator's fault, and can be set right; the mail is not lost."""
    postmaster = Postmaster(says)
    async with mail_server(postmaster) as port:
        with pytest.raises(type(outcome), match=f"^{outcome.reason}$"):
            await send(plain(port))
    assert postmaster.taken == []


async def test_a_server_that_is_busy_from_the_start_is_tried_later() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 mail.test is closed\r\n")
        await writer.drain()

    async with raw_server(talk) as port:
        with pytest.raises(MailPostponed, match=r"^smtp_554$"):
            await send(plain(port))


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_hangs_is_left_after_the_time_out(command: str) -> None:
    async with mail_server(Postmaster(hangs_at=command)) as port:
        await expect_time_out(port)


async def test_a_server_that_never_says_a_word_is_left_too() -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(talk) as port:
        await expect_time_out(port)


async def test_a_server_that_keeps_a_mail_waiting_word_by_word_is_left_in_the_end() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-a moment\r\n")
            await writer.drain()
            await asyncio.sleep(SHORT_S / 3)

    async with raw_server(talk) as port:
        await expect_time_out(port)


async def test_where_nobody_listens_the_mail_waits() -> None:
    async with raw_server(lambda _reader, _writer: asyncio.sleep(0)) as port:
        pass
    with pytest.raises(MailPostponed, match=r"^connection_refused$"):
        await send(plain(port))
    with pytest.raises(MailPostponed, match=r"^connection_failed$"):
        await send(SmtpSender("nobody.invalid", 25, require_tls=False))


async def test_a_connection_that_breaks_leaves_the_mail_for_later() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        await reader.readline()

    async with raw_server(talk) as port:
        with pytest.raises(MailPostponed, match=r"^connection_lost$"):
            await send(plain(port))


async def test_what_the_server_says_of_a_mail_is_not_repeated() -> None:
    """Not in the text of the refusal, and not in its traceback."""
    says = {"DATA": "554 spam: To: maria@home.example https://portal.example/reset-password#token=rst_1"}
    async with mail_server(Postmaster(says)) as port:
        with pytest.raises(MailRefused) as refusal:
            await send(plain(port))
    told = "".join(traceback.format_exception(refusal.value))
    assert "smtp_554" in told
    assert not [secret for secret in ("maria", "token", "rst_1", "spam") if secret in told]


# --- the next mail --------------------------------------------------------------------------------------------------------


async def test_the_next_mail_leaves_by_the_same_connection_until_there_is_none(trusted: Certificate) -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster, tls_context=trusted.of_server(), require_starttls=True) as port:
        sender = SmtpSender(HOST, port, tls_context=trusted.trusted())
        for _ in range(3):
            await sender.send(MAIL)
        await send(sender)
        await send(sender)
    assert len(postmaster.taken) == 5
    assert [postmaster.peers.index(peer) for peer in postmaster.peers] == [0, 0, 0, 0, 4]


async def test_mails_at_once_have_a_connection_each() -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        sender = plain(port)
        for _ in range(2):
            await asyncio.gather(*(sender.send(MAIL) for _ in range(3)))
        await sender.rest()
    assert len(postmaster.taken) == 6
    assert len(set(postmaster.peers)) == 3


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("had_enough", ["421 4.7.0 that was enough", "452 4.5.3 too many", "closed", "silence"])
async def test_a_server_that_has_had_enough_of_a_connection_gets_the_next_mail_by_a_new_one(
    had_enough: str, command: str
) -> None:
    postmaster = Postmaster(had_enough=had_enough, had_enough_at=command)
    async with mail_server(postmaster) as port:
        sender = plain(port, timeout_s=SHORT_S)
        await sender.send(MAIL)
        await send(sender)
    assert len(postmaster.taken) == 2
    assert len(set(postmaster.peers)) == 2


async def test_what_a_server_can_do_is_not_asked_of_a_connection_that_it_has_closed() -> None:
    international = compose(letter("password_reset", to="josé@home.example"), MAIL_FROM, NOW)
    postmaster = Postmaster()
    async with mail_server(postmaster, enable_SMTPUTF8=True) as port:
        sender = plain(port)
        await sender.send(MAIL)
        postmaster.hang_up()
        await asyncio.sleep(0.05)
        await send(sender, international)
    assert len(postmaster.taken) == 2


async def test_a_recipient_who_is_refused_for_good_is_not_tried_by_another_connection() -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        sender = plain(port)
        await sender.send(MAIL)
        postmaster.says["RCPT"] = "550 5.1.1 no such mailbox"
        with pytest.raises(MailRefused, match=r"^smtp_550$"):
            await send(sender)
    assert len(set(postmaster.peers)) == 1


async def test_after_a_refusal_nothing_of_the_refused_mail_is_left() -> None:
    postmaster = Postmaster({"RCPT": "550 5.1.1 no such mailbox"})
    async with mail_server(postmaster) as port:
        sender = plain(port)
        with pytest.raises(MailRefused):
            await sender.send(MAIL)
        postmaster.says.clear()
        await send(sender)
    (envelope,) = postmaster.taken
    assert envelope.rcpt_tos == ["maria@home.example"]
    assert len(set(postmaster.peers)) == 2


# --- encryption -----------------------------------------------------------------------------------------------------------


async def test_a_mail_is_encrypted_by_starttls(trusted: Certificate) -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster, tls_context=trusted.of_server(), require_starttls=True) as port:
        await send(SmtpSender(HOST, port, tls_context=trusted.trusted()))
    assert len(postmaster.taken) == 1
    assert postmaster.sessions[0].ssl is not None


async def test_a_mail_is_encrypted_from_the_first_byte(trusted: Certificate) -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster, implicit_tls=trusted.of_server()) as port:
        await send(SmtpSender(HOST, port, implicit_tls=True, tls_context=trusted.trusted()))
    assert len(postmaster.taken) == 1


async def test_without_starttls_nothing_is_told_where_encryption_is_asked_for() -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        with pytest.raises(MailPostponed, match=r"^tls_missing$"):
            await send(SmtpSender(HOST, port, username="campus", password="p@ss word:1"))
    assert postmaster.commands == []


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_server_that_cannot_prove_its_name_gets_no_mail(
    trusted: Certificate, tmp_path: Path, *, implicit: bool
) -> None:
    stranger = certificate(tmp_path / "stranger.pem", HOST, SystemClock().now())
    elsewhere = certificate(tmp_path / "elsewhere.pem", "127.0.0.2", SystemClock().now())
    postmaster = Postmaster()
    for server, trust in ((stranger, trusted.trusted()), (elsewhere, elsewhere.trusted())):
        options = {"implicit_tls": server.of_server()} if implicit else {"tls_context": server.of_server()}
        async with mail_server(postmaster, **options) as port:
            with pytest.raises(MailPostponed, match=r"^tls_failed$"):
                await send(SmtpSender(HOST, port, implicit_tls=implicit, tls_context=trust))
    assert postmaster.commands == []


# --- login and addresses ----------------------------------------------------------------------------------------------------


async def test_the_sender_signs_in_where_it_has_a_name(trusted: Certificate) -> None:
    postmaster = Postmaster()
    options: dict[str, Any] = {"tls_context": trusted.of_server(), "authenticator": only_campus, "auth_required": True}
    async with mail_server(postmaster, require_starttls=True, **options) as port:
        sender = SmtpSender(HOST, port, "campus", "p@ss word:1", tls_context=trusted.trusted())
        await send(sender)
        with pytest.raises(MailPostponed, match=r"^smtp_535$"):
            await send(SmtpSender(HOST, port, "campus", "wrong", tls_context=trusted.trusted()))
    assert len(postmaster.taken) == 1
    assert "p@ss" not in repr(sender)


async def test_a_server_without_login_is_not_given_the_mail() -> None:
    postmaster = Postmaster()
    async with mail_server(postmaster) as port:
        with pytest.raises(MailPostponed, match=r"^server_unsuitable$"):
            await send(SmtpSender(HOST, port, "campus", "p@ss word:1", require_tls=False))
    assert postmaster.commands == []


async def test_an_international_address_needs_a_server_that_knows_such() -> None:
    mail = compose(letter("password_reset", to="josé@home.example"), MAIL_FROM, NOW)
    postmaster = Postmaster()
    async with mail_server(postmaster, enable_SMTPUTF8=True) as port:
        await send(plain(port), mail)
    content = postmaster.taken[0].content
    assert isinstance(content, bytes)
    assert message_from_string(content.decode(), policy=default)["To"] == "josé@home.example"
    async with mail_server(postmaster, enable_SMTPUTF8=False) as port:
        with pytest.raises(MailRefused, match=r"^address_not_supported$"):
            await send(plain(port), mail)


async def send(sender: SmtpSender, mail: EmailMessage = MAIL) -> None:
    """The only mail, or the last."""
    try:
        await sender.send(mail)
    finally:
        await sender.rest()


async def expect_time_out(port: int) -> None:
    began = time.monotonic()
    with pytest.raises(MailPostponed, match=r"^timed_out$"):
        await send(plain(port, timeout_s=SHORT_S))
    assert time.monotonic() - began < 10 * SHORT_S


def received(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    return message_from_bytes(content, EmailMessage, policy=default)
