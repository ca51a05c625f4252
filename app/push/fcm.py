"""Firebase Cloud Messaging, HTTP v1: one request a message.

Its answers are documented at firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and .../docs/cloud-messaging/error-codes.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from app.clock import Clock
from app.push.exchange import TIMEOUT_S, Exchange, Verify, json_object, retry_after
from app.push.message import PushMessage
from app.push.outcomes import PushGone, PushNotSent, PushPostponed, PushRefused
from app.push.service_account import AccessToken, ServiceAccount

URL = "https://fcm.googleapis.com"
_LONGEST_LIFE = timedelta(weeks=4)
"""FCM keeps no message longer."""
_PAUSE_OF_QUOTA_S = 60.0
"""What Google asks for where a 429 has no Retry-After."""
_MAY_CHANGE = {401, 408, 429}
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_CODE = re.compile(r"[A-Z][A-Z_]{1,39}")


class FcmSender:
    """Nothing is opened before the first message."""

    def __init__(
        self,
        account: ServiceAccount,
        clock: Clock,
        *,
        url: str = URL,
        timeout_s: float = TIMEOUT_S,
        verify: Verify = True,
    ) -> None:
        self._url = f"{url}/v1/projects/{quote(account.project_id, safe='')}/messages:send"
        self._clock = clock
        self._exchange = Exchange(timeout_s=timeout_s, verify=verify)
        self._access = AccessToken(account, self._exchange, clock)

    async def send(self, message: PushMessage) -> None:
        """Returns when FCM has taken the message.

        Raises:
            PushPostponed: not now, or nobody who can tell answered.
            PushRefused: never.
            PushGone: the app has been removed, or the token never was one.
        """
        async with self._exchange.one_message():
            token = await self._access.current()
            answer = await self._post(message, token)
            if answer.status_code == 401:
                answer = await self._post(message, await self._access.current(refused=token))
        if not answer.is_success:
            raise _outcome(answer, self._clock.now())

    async def close(self) -> None:
        await self._exchange.close()

    async def _post(self, message: PushMessage, access_token: str) -> httpx.Response:
        body = {"message": _content(message, self._clock.now())}
        return await self._exchange.post(self._url, headers={"Authorization": f"Bearer {access_token}"}, json=body)


def _content(message: PushMessage, now: datetime) -> dict[str, Any]:
    """The message for whichever platform the token is of. FCM knows no message id, so that a repetition replaces by its tag."""
    life = max(timedelta(0), min(message.expires_at - now, _LONGEST_LIFE))
    seconds = int(life.total_seconds())
    tag = message.collapse_id or str(message.message_id)
    # Of more than four keys FCM keeps any four for a device that is off, so no message has one that needs none.
    collapse = {"collapse_key": message.collapse_id} if message.collapse_id else {}
    return {
        "token": message.token,
        "notification": {"title": message.title, "body": message.body},
        "data": dict(message.data),
        "android": {"ttl": f"{seconds}s", "notification": {"tag": tag}, **collapse},
        "apns": {"headers": {"apns-expiration": str(int((now + life).timestamp())), "apns-collapse-id": tag}},
        "webpush": {"headers": {"TTL": str(seconds)}, "notification": {"tag": tag}},
    }


def _outcome(answer: httpx.Response, now: datetime) -> PushNotSent:
    """Only what FCM itself says is final; an answer of something in between, or at a wrong address, decides nothing."""
    said = json_object(answer).get("error")
    error = said if isinstance(said, dict) else {}
    code = _code(error)
    reason = code or f"http_{answer.status_code}"
    if code in {"UNREGISTERED", "NOT_FOUND"} or (code == "INVALID_ARGUMENT" and _is_about_the_token(error)):
        return PushGone(reason)
    if code is not None and 400 <= answer.status_code < 500 and answer.status_code not in _MAY_CHANGE:
        return PushRefused(reason)
    pause = retry_after(answer, now)
    return PushPostponed(reason, _PAUSE_OF_QUOTA_S if pause is None and answer.status_code == 429 else pause)


def _code(error: dict[str, Any]) -> str | None:
    """FCM's own code, else Google's status. Nothing that could be longer or more various than a code."""
    own = (detail.get("errorCode") for detail in _details(error) if detail.get("@type") == _FCM_ERROR)
    said = next(own, None) or error.get("status")
    return said if isinstance(said, str) and _CODE.fullmatch(said) else None


def _is_about_the_token(error: dict[str, Any]) -> bool:
    """Mostly said in words only; seldom as a violation of the field."""
    violations = [violation for detail in _details(error) for violation in _dicts(detail.get("fieldViolations"))]
    fields = [violation.get("field") for violation in violations]
    return "message.token" in fields or "registration token" in str(error.get("message", ""))


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    return _dicts(error.get("details"))


def _dicts(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
