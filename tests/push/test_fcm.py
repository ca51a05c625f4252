"""A notice leaves by FCM, or it is known why it did not, whether to try again, and whether the device is still there."""

import asyncio
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.push.fcm import FcmSender
from app.push.outcomes import PushGone, PushNotSent, PushPostponed, PushRefused
from app.push.service_account import ServiceAccount
from tests.push.answers import REDIRECT, RUBBISH, Answer, fcm_error
from tests.push.conftest import KeyPair
from tests.push.fcm_server import SEND_PATH, TOKEN_PATH, FcmServer
from tests.push.notices import ACCOUNT_ID, FCM_TOKEN, MESSAGE_ID, NOW, for_android, outcome

NO_TOKEN = "The registration token is not a valid FCM registration token"


# --- it leaves --------------------------------------------------------------------------------------------------------


async def test_fcm_gets_the_words_the_ids_and_nothing_else(fcm: FcmSender, google: FcmServer) -> None:
    await fcm.send(for_android("password_changed"))
    (taken,) = google.taken
    tag = str(MESSAGE_ID)
    assert taken == {
        "message": {
            "token": FCM_TOKEN,
            "notification": {
                "title": "Password changed",
                "body": "The password of your account was changed. If it was not you, open the app.",
            },
            "data": {"kind": "password_changed", "account_id": str(ACCOUNT_ID), "message_id": str(MESSAGE_ID)},
            "android": {"ttl": "86400s", "notification": {"tag": tag}},
            "apns": {"headers": {"apns-expiration": str(int(NOW.timestamp()) + 86_400), "apns-collapse-id": tag}},
            "webpush": {"headers": {"TTL": "86400"}, "notification": {"tag": tag}},
        }
    }


async def test_a_message_that_is_sent_twice_replaces_itself_on_the_screen(fcm: FcmSender, google: FcmServer) -> None:
    """FCM itself does not recognise a repetition."""
    await fcm.send(for_android())
    await fcm.send(for_android())
    await fcm.send(for_android(collapse_id="refused"))
    android = [taken["message"]["android"] for taken in google.taken]
    assert [notice["notification"]["tag"] for notice in android] == [str(MESSAGE_ID), str(MESSAGE_ID), "refused"]
    assert [notice.get("collapse_key") for notice in android] == [None, None, "refused"]


async def test_what_has_expired_is_shown_now_or_never(fcm: FcmSender, google: FcmServer, clock: ManualClock) -> None:
    clock.advance(timedelta(days=2))
    await fcm.send(for_android())
    assert google.taken[0]["message"]["android"]["ttl"] == "0s"


# --- who we are -------------------------------------------------------------------------------------------------------


async def test_one_access_token_serves_all_messages_until_shortly_before_its_end(
    fcm: FcmSender, google: FcmServer, clock: ManualClock
) -> None:
    await asyncio.gather(*(fcm.send(for_android(number=number)) for number in range(20)))
    clock.advance(timedelta(seconds=google.lasts) - timedelta(minutes=5, seconds=1))
    await fcm.send(for_android())
    assert len(google.issued) == 1
    clock.advance(timedelta(seconds=1))
    await fcm.send(for_android())
    assert (len(google.issued), len(google.taken)) == (2, 22)


async def test_an_access_token_that_ended_before_its_time_is_replaced_once(fcm: FcmSender, google: FcmServer) -> None:
    """By one message on behalf of all that met the refusal."""
    await fcm.send(for_android())
    google.revoked.update(google.issued)
    await asyncio.gather(*(fcm.send(for_android(number=number)) for number in range(5)))
    assert (len(google.issued), len(google.taken)) == (2, 6)


async def test_a_second_refusal_is_not_asked_again(fcm: FcmSender, google: FcmServer) -> None:
    """FCM has no key for APNs, for one: that no token of ours can mend, but an operator can."""
    refusal = fcm_error(401, "UNAUTHENTICATED", own="THIRD_PARTY_AUTH_ERROR")
    google.says = [refusal, refusal]
    assert told(await outcome(fcm, for_android())) == (PushPostponed, "THIRD_PARTY_AUTH_ERROR", None)
    assert google.asked == [TOKEN_PATH, SEND_PATH, TOKEN_PATH, SEND_PATH]


async def test_credentials_that_google_does_not_believe_keep_messages_waiting(
    google: FcmServer, google_key: KeyPair, clock: ManualClock
) -> None:
    account = ServiceAccount.from_json(google.credentials(google_key.private_pem))
    fcm = FcmSender(account, clock, url=google.url)
    google.clock = ManualClock(NOW + timedelta(days=1))
    assert told(await outcome(fcm, for_android())) == (PushPostponed, "credentials_refused", None)
    google.clock = clock
    await fcm.send(for_android())
    await fcm.close()
    assert google.asked == [TOKEN_PATH, TOKEN_PATH, SEND_PATH]


@pytest.mark.parametrize(
    ("says", "reason", "retry_after"),
    [
        (Answer(503, headers={"retry-after": "30"}), "token_http_503", 30),
        (Answer(429, headers={"retry-after": "Mon, 03 Aug 2026 12:02:00 GMT"}), "token_http_429", 120),
        (REDIRECT, "token_http_307", None),
        *((Answer(200, body), "token_unreadable", None) for body in RUBBISH),
        (Answer(200, b'{"access_token": "", "expires_in": 3599}'), "token_unreadable", None),
        (Answer(200, b'{"access_token": "a\\r\\nb: c", "expires_in": 3599}'), "token_unreadable", None),
        (Answer(200, b'{"access_token": "ya29", "expires_in": "soon"}'), "token_unreadable", None),
        (Answer(200, b'{"access_token": "ya29", "expires_in": 1e400}'), "token_unreadable", None),
    ],
)
async def test_without_an_access_token_nothing_is_sent(
    fcm: FcmSender, google: FcmServer, says: Answer, reason: str, retry_after: float | None
) -> None:
    google.says_of_tokens = [says]
    assert told(await outcome(fcm, for_android())) == (PushPostponed, reason, retry_after)
    assert google.asked == [TOKEN_PATH]
    await fcm.send(for_android())


# --- it does not leave ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "kind", "reason"),
    [
        (fcm_error(404, "NOT_FOUND", own="UNREGISTERED", message="Requested entity was not found."), PushGone, "UNREGISTERED"),
        (fcm_error(404, "NOT_FOUND", message="Requested entity was not found."), PushGone, "NOT_FOUND"),
        (fcm_error(400, "INVALID_ARGUMENT", own="INVALID_ARGUMENT", message=NO_TOKEN), PushGone, "INVALID_ARGUMENT"),
        (
            fcm_error(400, "INVALID_ARGUMENT", own="INVALID_ARGUMENT", message="Invalid.", field="message.token"),
            PushGone,
            "INVALID_ARGUMENT",
        ),
        (
            fcm_error(400, "INVALID_ARGUMENT", message="Invalid value", field="message.data[0].value"),
            PushRefused,
            "INVALID_ARGUMENT",
        ),
        (fcm_error(400, "INVALID_ARGUMENT", own="INVALID_ARGUMENT", message="Too big."), PushRefused, "INVALID_ARGUMENT"),
        (fcm_error(403, "PERMISSION_DENIED", own="SENDER_ID_MISMATCH"), PushRefused, "SENDER_ID_MISMATCH"),
        (fcm_error(403, "PERMISSION_DENIED"), PushRefused, "PERMISSION_DENIED"),
        (fcm_error(429, "RESOURCE_EXHAUSTED", own="QUOTA_EXCEEDED"), PushPostponed, "QUOTA_EXCEEDED"),
        (fcm_error(503, "UNAVAILABLE", own="UNAVAILABLE"), PushPostponed, "UNAVAILABLE"),
        (fcm_error(500, "INTERNAL", own="INTERNAL"), PushPostponed, "INTERNAL"),
    ],
)  # fmt: skip
async def test_what_fcm_says_decides(
    fcm: FcmSender, google: FcmServer, says: Answer, kind: type[PushNotSent], reason: str
) -> None:
    google.says = [says]
    refusal = await outcome(fcm, for_android())
    assert (type(refusal), refusal.reason) == (kind, reason)
    assert google.taken == []
    await fcm.send(for_android())


@pytest.mark.parametrize("status", [400, 403, 404, 413, 500, 502])
async def test_what_somebody_else_says_removes_no_device_and_refuses_nothing(
    fcm: FcmSender, google: FcmServer, status: int
) -> None:
    """A proxy in between, a wrong address: a page with status 404 must not cost all parents their notices."""
    for body in RUBBISH:
        google.says = [Answer(status, body)]
        assert told(await outcome(fcm, for_android())) == (PushPostponed, f"http_{status}", None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "UNREGISTERED"}',
        b'{"error": {"status": ["NOT_FOUND"]}}',
        b'{"error": {"details": {"errorCode": "UNREGISTERED"}}}',
        b'{"error": {"details": ["UNREGISTERED", null, 7]}}',
        b'{"error": {"status": "' + b"A" * 41 + b'"}}',
        b'{"error": {"status": "' + FCM_TOKEN.encode() + b'"}}',
    ],
)
async def test_an_error_of_another_shape_is_none_of_fcms(fcm: FcmSender, google: FcmServer, body: bytes) -> None:
    google.says = [Answer(404, body)]
    assert told(await outcome(fcm, for_android())) == (PushPostponed, "http_404", None)


async def test_a_redirect_is_not_followed(fcm: FcmSender, google: FcmServer) -> None:
    """It would carry the device's token, and what proves who we are, to wherever it leads."""
    google.says = [REDIRECT]
    assert told(await outcome(fcm, for_android())) == (PushPostponed, "http_307", None)
    assert google.asked == [TOKEN_PATH, SEND_PATH]


@pytest.mark.parametrize(("says", "seconds"), [("120", 120), ("Mon, 03 Aug 2026 12:01:30 GMT", 90), (None, 60)])
async def test_a_quota_is_waited_for_as_long_as_fcm_asks(
    fcm: FcmSender, google: FcmServer, says: str | None, seconds: float
) -> None:
    headers = {"retry_after": says} if says else {}
    google.says = [fcm_error(429, "RESOURCE_EXHAUSTED", own="QUOTA_EXCEEDED", **headers)]
    assert told(await outcome(fcm, for_android())) == (PushPostponed, "QUOTA_EXCEEDED", seconds)


def told(refusal: PushNotSent) -> tuple[type[PushNotSent], str, float | None]:
    return type(refusal), refusal.reason, refusal.retry_after if isinstance(refusal, PushPostponed) else None
