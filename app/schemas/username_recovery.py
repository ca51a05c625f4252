"""A forgotten username."""

from app.schemas.common import CaptchaText, DistrictId, MailAddress, Request


class UsernameRecoveryBody(Request):
    district: DistrictId
    email: MailAddress
    captcha: CaptchaText | None = None
