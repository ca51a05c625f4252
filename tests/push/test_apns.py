"""A notice leaves by APNs over real HTTP/2, or it is known why it did not."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import ManualClock
from app.push.apns import ApnsKey, ApnsSender
from app.push.outcomes import PushGone, PushNotSent, PushPostponed, PushRefused
from tests.mail.smtp_server import Certificate
from tests.push.answers import REDIRECT, RUBBISH, Answer, apns_error
from tests.push.apns_server import TOPIC, ApnsServer
from tests.push.notices import ACCOUNT_ID, APNS_TOKEN, MESSAGE_ID, NOW, for_android, for_iphone, outcome

EXPIRED = apns_error(403, "ExpiredProviderToken")
CHRISTMAS = datetime(2025, 12, 25, tzinfo=UTC)


# --- it leaves --------------------------------------------------------------------------------------------------------


async def test_apns_gets_the_words_the_ids_and_nothing_else(apns: ApnsSender, apple: ApnsServer) -> None:
    await apns.send(for_iphone("password_changed", collapse_id="password"))
    push = apple.shown[str(MESSAGE_ID)]
    assert push.payload == {
        "aps": {
            "alert": {
                "title": "Password changed",
                "body": "The password of your account was changed. If it was not you, open the app.",
            },
            "sound": "default",
        },
        "kind": "password_changed",
        "account_id": str(ACCOUNT_ID),
        "message_id": str(MESSAGE_ID),
    }
    assert push.headers[":path"] == f"/3/device/{APNS_TOKEN}"
    assert {name: value for name, value in push.headers.items() if name.startswith("apns-")} == {
        "apns-id": str(MESSAGE_ID),
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-expiration": str(int(NOW.timestamp()) + 86_400),
        "apns-collapse-id": "password",
    }


async def test_a_message_that_is_sent_twice_is_shown_once(apns: ApnsSender, apple: ApnsServer) -> None:
    await apns.send(for_iphone())
    await apns.send(for_iphone())
    assert (len(apple.seen), len(apple.shown)) == (2, 1)
    assert "apns-collapse-id" not in apple.seen[0].headers


async def test_many_messages_share_one_connection(apns: ApnsSender, apple: ApnsServer) -> None:
    await asyncio.gather(*(apns.send(for_iphone(number=number)) for number in range(20)))
    assert (len(apple.shown), apple.connections) == (20, 1)


# --- who we are -------------------------------------------------------------------------------------------------------


async def test_a_provider_token_is_renewed_after_fifty_minutes(
    apns: ApnsSender, apple: ApnsServer, clock: ManualClock
) -> None:
    """APNs punishes renewal within 20 minutes, and believes no token of more than 60."""
    for pause in (0, 49, 1, 49):
        clock.advance(timedelta(minutes=pause))
        await apns.send(for_iphone())
    first, second, third, fourth = (push.provider_token for push in apple.seen)
    assert first == second
    assert second != third
    assert third == fourth


async def test_a_provider_token_that_ended_before_its_time_is_renewed_once(apns: ApnsSender, apple: ApnsServer) -> None:
    apple.says = [EXPIRED]
    await apns.send(for_iphone())
    first, second = (push.provider_token for push in apple.seen)
    assert first != second
    await apns.send(for_iphone())
    assert apple.seen[2].provider_token == second


async def test_where_two_clocks_disagree_messages_wait(apns: ApnsSender, apple: ApnsServer, clock: ManualClock) -> None:
    apple.clock = ManualClock(NOW + timedelta(hours=2))
    assert told(await outcome(apns, for_iphone())) == (PushPostponed, "ExpiredProviderToken", None)
    assert len(apple.seen) == 2
    apple.clock = clock
    await apns.send(for_iphone())


async def test_a_key_that_apple_does_not_know_is_refused(
    apple: ApnsServer, apns_key: ApnsKey, tls: Certificate, clock: ManualClock
) -> None:
    unknown = ApnsKey("ZZZZZZZZZZ", apns_key.team_id, apns_key.key)
    sender = ApnsSender(unknown, TOPIC, clock, url=apple.url, verify=tls.trusted())
    assert told(await outcome(sender, for_iphone())) == (PushRefused, "InvalidProviderToken", None)
    await sender.close()


# --- it does not leave ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "kind", "reason"),
    [
        (apns_error(410, "Unregistered"), PushGone, "Unregistered"),
        (apns_error(410, "ExpiredToken"), PushGone, "ExpiredToken"),
        (apns_error(400, "BadDeviceToken"), PushGone, "BadDeviceToken"),
        (apns_error(400, "DeviceTokenNotForTopic"), PushGone, "DeviceTokenNotForTopic"),
        (apns_error(400, "BadExpirationDate"), PushRefused, "BadExpirationDate"),
        (apns_error(400, "TopicDisallowed"), PushRefused, "TopicDisallowed"),
        (apns_error(403, "Forbidden"), PushRefused, "Forbidden"),
        (apns_error(413, "PayloadTooLarge"), PushRefused, "PayloadTooLarge"),
        (apns_error(429, "TooManyRequests"), PushPostponed, "TooManyRequests"),
        (apns_error(429, "TooManyProviderTokenUpdates"), PushPostponed, "TooManyProviderTokenUpdates"),
        (apns_error(500, "InternalServerError"), PushPostponed, "InternalServerError"),
        (apns_error(503, "ServiceUnavailable"), PushPostponed, "ServiceUnavailable"),
        (apns_error(503, "Shutdown"), PushPostponed, "Shutdown"),
    ],
)
async def test_what_apns_says_decides(
    apns: ApnsSender, apple: ApnsServer, says: Answer, kind: type[PushNotSent], reason: str
) -> None:
    apple.says = [says]
    refusal = await outcome(apns, for_iphone())
    assert (type(refusal), refusal.reason) == (kind, reason)
    assert len(apple.seen) == 1
    await apns.send(for_iphone())


@pytest.mark.parametrize(
    ("timestamp", "since"),
    [(int(CHRISTMAS.timestamp() * 1000), CHRISTMAS), (None, None), ("yesterday", None), (10**30, None), (True, None)],
)
async def test_since_when_a_device_is_gone_is_known_where_apple_says_it(
    apns: ApnsSender, apple: ApnsServer, timestamp: object, since: datetime | None
) -> None:
    """A device that registered the same token again after that is there."""
    apple.says = [apns_error(410, "Unregistered", timestamp=timestamp)]
    gone = await outcome(apns, for_iphone())
    assert isinstance(gone, PushGone)
    assert gone.since == since


@pytest.mark.parametrize("status", [400, 404, 410, 500])
async def test_what_somebody_else_says_removes_no_device_and_refuses_nothing(
    apns: ApnsSender, apple: ApnsServer, status: int
) -> None:
    for body in (*RUBBISH, b'{"reason": null}', b'{"reason": "' + APNS_TOKEN.encode() + b'"}'):
        apple.says = [Answer(status, body)]
        assert told(await outcome(apns, for_iphone())) == (PushPostponed, f"http_{status}", None)


async def test_a_redirect_is_not_followed(apns: ApnsSender, apple: ApnsServer) -> None:
    apple.says = [REDIRECT]
    assert told(await outcome(apns, for_iphone())) == (PushPostponed, "http_307", None)
    assert len(apple.seen) == 1


@pytest.mark.parametrize(("says", "seconds"), [("120", 120), ("Mon, 03 Aug 2026 12:01:30 GMT", 90), ("soon", None)])
async def test_apns_is_left_alone_as_long_as_it_asks(
    apns: ApnsSender, apple: ApnsServer, says: str, seconds: float | None
) -> None:
    apple.says = [apns_error(503, "ServiceUnavailable", retry_after=says)]
    assert told(await outcome(apns, for_iphone())) == (PushPostponed, "ServiceUnavailable", seconds)


@pytest.mark.parametrize(
    "token", ["", "0", "../../admin", "0a?x=1", "0a/..", "zz" * 32, for_android().token, "0a" * 500]
)
async def test_what_cannot_be_a_device_token_does_not_become_a_path(
    apns: ApnsSender, apple: ApnsServer, token: str
) -> None:
    gone = await outcome(apns, for_iphone(token=token))
    assert (type(gone), gone.reason) == (PushGone, "BadDeviceToken")
    assert apple.seen == []


def told(refusal: PushNotSent) -> tuple[type[PushNotSent], str, float | None]:
    return type(refusal), refusal.reason, refusal.retry_after if isinstance(refusal, PushPostponed) else None
