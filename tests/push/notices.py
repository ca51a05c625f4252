"""A notice for Maria's phone, and what came of sending it."""

import traceback
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.push.message import PushMessage, push_message
from app.push.senders import PushNotSent, PushSender

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
"""Where the clock of a test stands."""
MESSAGE_ID = UUID("0b8f6a52-7c31-4f0e-9d5a-3c1e2f4a5b6c")
ACCOUNT_ID = UUID("7d1c2b3a-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
FCM_TOKEN = "fT3kMariasAndroid:APA91bH-secret_of_the_device"
APNS_TOKEN = "5ec2e7" + "0a" * 29


def for_android(kind: str = "new_device", *, collapse_id: str | None = None, number: int = 0) -> PushMessage:
    return push_message(
        kind,
        "en",
        message_id=UUID(int=MESSAGE_ID.int + number),
        provider="fcm",
        token=FCM_TOKEN,
        ids={"account_id": ACCOUNT_ID},
        expires_at=NOW + timedelta(days=1),
        collapse_id=collapse_id,
    )


def for_iphone(
    kind: str = "new_device", *, token: str = APNS_TOKEN, collapse_id: str | None = None, number: int = 0
) -> PushMessage:
    return push_message(
        kind,
        "en",
        message_id=UUID(int=MESSAGE_ID.int + number),
        provider="apns",
        token=token,
        ids={"account_id": ACCOUNT_ID},
        expires_at=NOW + timedelta(days=1),
        collapse_id=collapse_id,
    )


async def outcome(sender: PushSender, message: PushMessage) -> PushNotSent:
    """What came of a message that did not leave; no secret is in its text, nor in its traceback."""
    with pytest.raises(PushNotSent) as refusal:
        await sender.send(message)
    told = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value)
    secrets = (FCM_TOKEN, APNS_TOKEN, "PRIVATE KEY", "ya29", "eyJ")
    assert [secret for secret in secrets if secret in told] == []
    hides = refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert refusal.value.__cause__ is None, "the cause holds the request"
    assert hides, "so does what it came from"
    return refusal.value
