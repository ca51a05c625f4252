"""What can come of sending a push message, other than that it left. None holds a word of the message, nor the device's token."""

from datetime import datetime


class PushNotSent(Exception):
    """`reason` is a short code for logs and counters: the provider's own, such as `UNREGISTERED`, or `timed_out`, `http_502`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PushPostponed(PushNotSent):
    """The same message may leave later; not before `retry_after` seconds, where the provider asks for it."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PushRefused(PushNotSent):
    """This message will never leave. The token may still be good."""


class PushGone(PushNotSent):
    """The token is no longer valid, and is to be removed; a device that registered it again after `since` keeps it."""

    def __init__(self, reason: str, since: datetime | None = None) -> None:
        super().__init__(reason)
        self.since = since
