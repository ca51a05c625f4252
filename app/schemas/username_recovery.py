"""A forgotten username."""

from app.schemas.common import DistrictId, MailAddress, Request


class UsernameRecoveryBody(Request):
    district: DistrictId
    email: MailAddress
