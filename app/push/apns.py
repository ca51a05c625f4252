"""Apple's push notification service over HTTP/2, with a provider token (not a certificate).

Its answers are documented at developer.apple.com, "Handling notification responses from APNs".
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from app.clock import Clock
from app.push.exchange import TIMEOUT_S, Exchange, Verify, json_object, retry_after
from app.push.message import PushMessage
from app.push.outcomes import PushGone, PushNotSent, PushPostponed, PushRefused
from app.push.signed_jwt import p256_key, signed_jwt

URL = "https://api.push.apple.com"
_RENEWED_AFTER = timedelta(minutes=50)
"""APNs wants a new token after 20 minutes at the earliest and 60 at the latest."""
_EXPIRED = "ExpiredProviderToken"
_GONE = {"Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic"}
_MAY_CHANGE = {408, 429}
_DEVICE_TOKEN = re.compile(r"[0-9A-Fa-f]{2,400}")
_REASON = re.compile(r"[A-Z][A-Za-z]{1,39}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ApnsKey:
    key_id: str
    team_id: str
    key: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def from_pem(cls, pem: str, *, key_id: str, team_id: str) -> "ApnsKey":
        """From the .p8 file that Apple gives out.

        Raises:
            ValueError: it is none; the message does not repeat it.
        """
        return cls(key_id, team_id, p256_key(pem))


class ProviderToken:
    """What proves to APNs who we are; one serves all messages until it is old."""

    def __init__(self, key: ApnsKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self._token = ""
        self._made_at = _EPOCH

    def current(self, *, refused: str | None = None) -> str:
        """The token; a new one where it is old, or the one that was `refused`."""
        now = self._clock.now()
        if self._token == refused or now - self._made_at >= _RENEWED_AFTER:
            claims = {"iss": self._key.team_id, "iat": int(now.timestamp())}
            self._token = signed_jwt({"kid": self._key.key_id}, claims, self._key.key)
            self._made_at = now
        return self._token


class ApnsSender:
    """Nothing is opened before the first message; then few connections carry all of them."""

    def __init__(
        self,
        key: ApnsKey,
        topic: str,
        clock: Clock,
        *,
        url: str = URL,
        timeout_s: float = TIMEOUT_S,
        verify: Verify = True,
    ) -> None:
        self._topic = topic
        self._url = url
        self._clock = clock
        self._exchange = Exchange(timeout_s=timeout_s, verify=verify, http2=True)
        self._provider_token = ProviderToken(key, clock)

    async def send(self, message: PushMessage) -> None:
        """Returns when APNs has taken the message. One that it gets twice, under the same id, it shows once.

        Raises:
            PushPostponed: not now, or nobody who can tell answered.
            PushRefused: never.
            PushGone: the app has been removed, or the token never was one of this app.
        """
        if not _DEVICE_TOKEN.fullmatch(message.token):  # it becomes a part of the path
            raise PushGone("BadDeviceToken")
        async with self._exchange.one_message():
            token = self._provider_token.current()
            answer = await self._post(message, token)
            if answer.status_code == 403 and json_object(answer).get("reason") == _EXPIRED:
                answer = await self._post(message, self._provider_token.current(refused=token))
        if not answer.is_success:
            raise _outcome(answer, self._clock.now())

    async def close(self) -> None:
        await self._exchange.close()

    async def _post(self, message: PushMessage, provider_token: str) -> httpx.Response:
        headers = {
            "authorization": f"bearer {provider_token}",
            "apns-id": str(message.message_id),
            "apns-push-type": "alert",
            "apns-topic": self._topic,
            "apns-expiration": str(int(message.expires_at.timestamp())),
        }
        if message.collapse_id:
            headers["apns-collapse-id"] = message.collapse_id
        alert = {"title": message.title, "body": message.body}
        body = {**message.data, "aps": {"alert": alert, "sound": "default"}}
        return await self._exchange.post(f"{self._url}/3/device/{message.token}", headers=headers, json=body)


def _outcome(answer: httpx.Response, now: datetime) -> PushNotSent:
    """Only what APNs itself says is final; an answer of something in between, or at a wrong address, decides nothing."""
    said = json_object(answer)
    word = said.get("reason")
    code = word if isinstance(word, str) and _REASON.fullmatch(word) else None
    reason = code or f"http_{answer.status_code}"
    if code in _GONE:
        return PushGone(reason, _moment(said.get("timestamp")))
    is_final = 400 <= answer.status_code < 500 and answer.status_code not in _MAY_CHANGE
    if code is not None and code != _EXPIRED and is_final:
        return PushRefused(reason)
    return PushPostponed(reason, retry_after(answer, now))


def _moment(milliseconds: object) -> datetime | None:
    """When APNs found a token to be gone."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds) if type(milliseconds) is int else None
    except OverflowError:
        return None
