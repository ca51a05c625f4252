"""Signing in, refreshing, signing out."""

from pydantic import Field

from app.portals import Portal
from app.schemas.common import CaptchaText, DistrictId, Password, Request, SecretText, Username
from app.schemas.session import DeviceBody
from app.schemas.totp import TotpCode
from app.services.login import LoginRequest
from app.services.sessions import Device


class LoginBody(Request):
    district: DistrictId
    portal: Portal
    username: Username
    password: Password
    captcha: CaptchaText | None = None
    totp: TotpCode | None = None
    device: DeviceBody | None = None

    def request(self) -> LoginRequest:
        device = self.device.device() if self.device else Device()
        return LoginRequest(self.district, self.portal, self.username, self.password, self.totp, device)


class RefreshBody(Request):
    refresh_token: SecretText = Field(description="The newest refresh token of the session")


class LogoutBody(Request):
    refresh_token: SecretText | None = Field(
        default=None, description="Instead of the access token, where that has expired"
    )
