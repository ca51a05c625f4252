"""A provider that cannot be reached, hangs, or goes away in the middle keeps messages waiting, and loses none."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import ManualClock, SystemClock
from app.push.apns import ApnsKey, ApnsSender
from app.push.exchange import retry_after
from app.push.fcm import FcmSender
from app.push.outcomes import PushPostponed
from app.push.senders import PushSender
from app.push.service_account import ServiceAccount
from tests.mail.smtp_server import Certificate, certificate
from tests.push.answers import DROPS, HANGS
from tests.push.apns_server import TOPIC, ApnsServer
from tests.push.conftest import KeyPair, quick_tls
from tests.push.fcm_server import FcmServer, key_file
from tests.push.listener import HOST, Listener
from tests.push.notices import NOW, for_android, for_iphone, outcome

SHORT_S = 0.2
WHOLE_S = 3 * SHORT_S


class Babbler(Listener):
    """Begins an answer, and goes on one byte at a time for ever."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(SHORT_S / 4)


@pytest.fixture
async def hasty_fcm(google: FcmServer, google_key: KeyPair, clock: ManualClock) -> AsyncIterator[FcmSender]:
    account = ServiceAccount.from_json(google.credentials(google_key.private_pem))
    sender = FcmSender(account, clock, url=google.url, timeout_s=SHORT_S, verify=quick_tls())
    yield sender
    await sender.close()


@pytest.fixture
async def hasty_apns(
    apple: ApnsServer, apns_key: ApnsKey, tls: Certificate, clock: ManualClock
) -> AsyncIterator[ApnsSender]:
    sender = ApnsSender(apns_key, TOPIC, clock, url=apple.url, timeout_s=SHORT_S, verify=tls.trusted())
    yield sender
    await sender.close()


# --- it hangs ---------------------------------------------------------------------------------------------------------


async def test_nobody_waits_for_an_fcm_that_hangs(hasty_fcm: FcmSender, google: FcmServer) -> None:
    await hasty_fcm.send(for_android())
    google.says = [HANGS]
    assert await reason_within(WHOLE_S, hasty_fcm) == "timed_out"
    await hasty_fcm.send(for_android())
    assert len(google.taken) == 2


async def test_nobody_waits_for_a_token_endpoint_that_hangs(hasty_fcm: FcmSender, google: FcmServer) -> None:
    google.says_of_tokens = [HANGS]
    assert await reason_within(WHOLE_S, hasty_fcm) == "timed_out"
    await hasty_fcm.send(for_android())


async def test_many_messages_together_wait_no_longer_for_a_token_than_one(
    hasty_fcm: FcmSender, google: FcmServer
) -> None:
    google.says_of_tokens = [HANGS] * 20
    begun = time.monotonic()
    outcomes = await asyncio.gather(*(outcome(hasty_fcm, for_android(number=number)) for number in range(10)))
    assert time.monotonic() - begun < WHOLE_S + 1
    assert {(type(refusal), refusal.reason) for refusal in outcomes} == {(PushPostponed, "timed_out")}


async def test_nobody_waits_for_an_apns_that_hangs(hasty_apns: ApnsSender, apple: ApnsServer) -> None:
    await hasty_apns.send(for_iphone())
    apple.says = [HANGS]
    assert await reason_within(WHOLE_S, hasty_apns) == "timed_out"
    await hasty_apns.send(for_iphone(number=1))
    assert len(apple.shown) == 2


async def test_a_provider_that_keeps_a_message_waiting_byte_by_byte_is_left_in_the_end(
    google_key: KeyPair, google: FcmServer, clock: ManualClock
) -> None:
    account = ServiceAccount.from_json(google.credentials(google_key.private_pem))
    async with Babbler().opened() as babbler:
        sender = FcmSender(account, clock, url=f"http://{HOST}:{babbler.port}", timeout_s=SHORT_S, verify=quick_tls())
        assert await reason_within(WHOLE_S, sender) == "timed_out"
        await sender.close()


# --- it is gone -------------------------------------------------------------------------------------------------------


async def test_where_nobody_listens_messages_wait(
    fcm: FcmSender, google: FcmServer, apns: ApnsSender, apple: ApnsServer
) -> None:
    await google.close()
    await apple.close()
    for sender, message in ((fcm, for_android()), (apns, for_iphone())):
        refusal = await outcome(sender, message)
        assert (type(refusal), refusal.reason) == (PushPostponed, "connection_failed")


async def test_a_host_that_does_not_exist_keeps_messages_waiting(apns_key: ApnsKey, clock: ManualClock) -> None:
    sender = ApnsSender(apns_key, TOPIC, clock, url="https://nobody.invalid", verify=quick_tls())
    refusal = await outcome(sender, for_iphone())
    assert (type(refusal), refusal.reason) == (PushPostponed, "connection_failed")
    await sender.close()


async def test_an_address_that_is_none_keeps_messages_waiting(google_key: KeyPair, clock: ManualClock) -> None:
    account = ServiceAccount.from_json(key_file(google_key.private_pem, "https://google.example:port"))
    sender = FcmSender(account, clock, verify=quick_tls())
    refusal = await outcome(sender, for_android())
    assert (type(refusal), refusal.reason) == (PushPostponed, "address_unusable")
    await sender.close()


async def test_a_connection_that_breaks_leaves_the_message_for_later(
    fcm: FcmSender, google: FcmServer, apns: ApnsSender, apple: ApnsServer
) -> None:
    google.says, apple.says = [DROPS], [DROPS]
    for sender, message in ((fcm, for_android()), (apns, for_iphone())):
        refusal = await outcome(sender, message)
        assert (type(refusal), refusal.reason) == (PushPostponed, "connection_lost")
        await sender.send(message)


async def test_an_apns_that_ends_its_connections_costs_a_try_at_most(apns: ApnsSender, apple: ApnsServer) -> None:
    """APNs says GOAWAY when it sees fit. What is sent again has the same id, so nothing is shown twice."""
    apple.goodbye = True
    await apns.send(for_iphone())
    for number in range(1, 4):
        message = for_iphone(number=number)
        try:
            await apns.send(message)
        except PushPostponed:
            await apns.send(message)
    assert len(apple.shown) == 4


async def test_connections_that_died_while_nothing_was_sent_cost_a_try_at_most(
    fcm: FcmSender, google: FcmServer, apns: ApnsSender, apple: ApnsServer
) -> None:
    for sender, message in ((fcm, for_android()), (apns, for_iphone())):
        await sender.send(message)
    for server in (google, apple):
        server.hang_up()
    await asyncio.sleep(0.05)
    await fcm.send(for_android())
    try:
        await apns.send(for_iphone(number=1))
    except PushPostponed:
        await apns.send(for_iphone(number=1))
    assert (len(google.taken), len(apple.shown)) == (2, 2)


async def test_a_server_that_cannot_prove_its_name_learns_nothing(
    apple: ApnsServer, apns_key: ApnsKey, clock: ManualClock, tmp_path: Path
) -> None:
    stranger = certificate(tmp_path / "stranger.pem", HOST, SystemClock().now())
    sender = ApnsSender(apns_key, TOPIC, clock, url=apple.url, verify=stranger.trusted())
    refusal = await outcome(sender, for_iphone())
    assert (type(refusal), refusal.reason) == (PushPostponed, "tls_failed")
    assert apple.seen == []
    await sender.close()


# --- it asks for time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Mon, 03 Aug 2026 12:01:30 GMT", 90),
        ("Monday, 03-Aug-26 12:01:30 GMT", 90),
        ("Mon Aug  3 12:01:30 2026", 90),
        ("Mon, 03 Aug 2026 14:01:30 +0200", 90),
        ("Mon, 03 Aug 2026 11:00:00 GMT", 0),
        ("9" * 400, 86_400),
        ("Sun, 03 Aug 9999 12:00:00 GMT", 86_400),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_time_that_a_provider_asks_for_is_read_in_every_form(says: str, seconds: float | None) -> None:
    assert retry_after(answer(says.encode()), NOW) == seconds


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)) | st.datetimes().map(str))
def test_whatever_a_provider_writes_there_the_time_is_none_or_a_day_at_most(says: str) -> None:
    seconds = retry_after(answer(says.encode("latin-1")), NOW)
    assert seconds is None or 0 <= seconds <= timedelta(days=1).total_seconds()


def answer(retry_after: bytes) -> httpx.Response:
    return httpx.Response(503, headers=[(b"retry-after", retry_after)])


async def reason_within(seconds: float, sender: PushSender) -> str:
    """Why a message is postponed, for which nobody waited much longer than that."""
    begun = time.monotonic()
    refusal = await outcome(sender, for_iphone() if isinstance(sender, ApnsSender) else for_android())
    assert time.monotonic() - begun < seconds + 1
    assert isinstance(refusal, PushPostponed)
    return refusal.reason
