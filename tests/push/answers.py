"""What a provider may say instead of taking a message, in the words of its documentation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


HANGS = Answer(0)
"""The request is read, and nothing is said any more on this connection."""
DROPS = Answer(-1)
"""The request is read, and the connection is lost."""
REDIRECT = Answer(307, headers={"location": "/elsewhere"})
TOWER = b"[" * 15_000
RUBBISH = [b"", b"<html>We will be back soon.</html>", b"[true]", b'"UNREGISTERED"', b'{"error": "\xff"}', TOWER]


def fcm_error(
    status: int, google: str, *, own: str | None = None, message: str = "", field: str | None = None, **headers: str
) -> Answer:
    """`own` is FCM's error code, `google` the status that all of Google's services have, `field` one that was violated."""
    details: list[dict[str, object]] = []
    if own:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": own})
    if field:
        violation = {"field": field, "description": message}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    error = {"code": status, "message": message, "status": google, "details": details}
    return Answer(status, json.dumps({"error": error}).encode(), _named(headers))


def apns_error(status: int, reason: str, *, timestamp: object = None, **headers: str) -> Answer:
    said = {"reason": reason, **({} if timestamp is None else {"timestamp": timestamp})}
    return Answer(status, json.dumps(said).encode(), _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
