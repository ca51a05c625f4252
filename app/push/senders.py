"""Ways for a push message to leave: FCM, APNs, the log, or memory."""

from dataclasses import dataclass, field
from typing import Protocol

import structlog

from app.clock import Clock
from app.push.message import PushMessage
from app.push.outcomes import PushGone, PushNotSent, PushPostponed, PushRefused
from app.settings import Settings

__all__ = [
    "LogSender", "MemorySender", "PushGone", "PushNotSent", "PushPostponed", "PushRefused", "PushSender", "PushSenders", "senders_for",
]  # fmt: skip

log = structlog.get_logger("campus.push")


class PushSender(Protocol):
    async def send(self, message: PushMessage) -> None:
        """Returns once somebody else answers for the message.

        Raises:
            PushPostponed: not now; the same message may leave later.
            PushRefused: never.
            PushGone: never, and no other to this token.
        """
        ...

    async def close(self) -> None: ...


class LogSender:
    """Says of what kind a message was that nobody got: for development, and for a provider without credentials."""

    async def send(self, message: PushMessage) -> None:
        log.info("push", kind=message.kind, outcome="logged")

    async def close(self) -> None:
        pass


@dataclass
class MemorySender:
    """Keeps what it was given, for tests."""

    messages: list[PushMessage] = field(default_factory=list)

    async def send(self, message: PushMessage) -> None:
        self.messages.append(message)

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class PushSenders:
    """Gives each message to the provider that its token is of."""

    fcm: PushSender
    apns: PushSender

    async def send(self, message: PushMessage) -> None:
        await (self.fcm if message.provider == "fcm" else self.apns).send(message)

    async def close(self) -> None:
        await self.fcm.close()
        await self.apns.close()


def senders_for(settings: Settings, clock: Clock) -> PushSenders:
    """FCM and APNs where there are credentials for them, else the log; nothing is opened yet.

    Raises:
        ValueError: a key that cannot be used; the message does not repeat it.
    """
    return PushSenders(fcm=_fcm(settings, clock), apns=_apns(settings, clock))


def _fcm(settings: Settings, clock: Clock) -> PushSender:
    if settings.push_fcm_credentials is None:
        return LogSender()
    from app.push.fcm import FcmSender  # noqa: PLC0415  # its HTTP client is slow to import, and not all need it
    from app.push.service_account import ServiceAccount  # noqa: PLC0415  # as above

    account = ServiceAccount.from_json(settings.push_fcm_credentials.get_secret_value())
    return FcmSender(account, clock, url=settings.push_fcm_url)


def _apns(settings: Settings, clock: Clock) -> PushSender:
    if settings.push_apns_key is None:
        return LogSender()
    from app.push.apns import ApnsKey, ApnsSender  # noqa: PLC0415  # as above

    key = ApnsKey.from_pem(
        settings.push_apns_key.get_secret_value(),
        key_id=settings.push_apns_key_id or "",
        team_id=settings.push_apns_team_id or "",
    )
    return ApnsSender(key, settings.push_apns_topic or "", clock, url=settings.push_apns_url)
