"""Devices that get push messages."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.common import LanguageTag, Request
from app.services.devices import PushRegistration


class PushDeviceBody(Request):
    platform: Literal["ios", "android", "web"]
    provider: Literal["apns", "fcm"]
    push_token: Annotated[str, Field(min_length=1, max_length=4_096, description="As the provider gave it to the app")]
    locale: LanguageTag | None = None
    for_linked: bool = Field(default=False, description="Register it for all linked accounts, too")

    def registration(self) -> PushRegistration:
        return PushRegistration(self.platform, self.provider, self.push_token, self.locale)
