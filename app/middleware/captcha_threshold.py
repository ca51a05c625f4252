"""CAPTCHA thresholds and the ladder of waits: asked before the router, so before any account is looked for."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.composition import Campus
from app.middleware.body import plain_text_of, read_body, text_of
from app.route_guards import captcha_rule_of
from app.services.captchas import CAPTCHA_MAX_LENGTH
from app.services.credential_policy import PASSWORD_MAX_LENGTH
from app.services.guard import CaptchaRule, Knock
from app.services.sign_in_ladder import SignInSubject
from app.text import fold


class CaptchaThresholdMiddleware:
    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self.app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = captcha_rule_of(scope["state"]["endpoint"]) if scope["type"] == "http" else None
        if rule is None:
            await self.app(scope, receive, send)
            return
        body, receive = await read_body(scope, receive, self._max_body_bytes)
        knock = _knock(rule, scope, body)
        if knock is None:
            await self.app(scope, receive, send)  # the router says which field is missing
            return
        campus: Campus = scope["app"].state.campus
        async with campus.guard.admitted(knock) as admission:
            scope["state"]["admission"] = admission
            await self.app(scope, receive, send)


def _knock(rule: CaptchaRule, scope: Scope, body: dict[str, Any]) -> Knock | None:
    """What the guard needs to know; None where it is not all there, which the route's own schema refuses."""
    district, subject, password = plain_text_of(body, "district"), None, text_of(body, "password") or ""
    captcha = plain_text_of(body, "captcha")
    if district is None or len(captcha or "") > CAPTCHA_MAX_LENGTH:
        return None
    if rule.has_ladder:
        portal, username = plain_text_of(body, "portal"), plain_text_of(body, "username")
        if portal is None or username is None or "password" not in body or len(password) > PASSWORD_MAX_LENGTH:
            return None
        subject = SignInSubject(district, portal, fold(username))
    student_number = plain_text_of(body, "student_number")
    if rule.free_per_student is not None and student_number is None:
        return None
    device = body.get("device")
    return Knock(
        rule=rule,
        district_id=district,
        address=scope["state"]["client_address"],
        captcha=captcha,
        subject=subject,
        password=password,
        device_token=plain_text_of(device, "device_token") if isinstance(device, dict) else None,
        student_number=student_number,
    )
