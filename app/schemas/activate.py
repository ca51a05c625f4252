"""A paper key becomes an account."""

from typing import Annotated

from pydantic import Field

from app.portals import Portal
from app.schemas.common import (
    Answer,
    DistrictId,
    LanguageTag,
    MailAddress,
    Moment,
    Password,
    Request,
    TypedKey,
    Username,
)
from app.schemas.districts import PasswordPolicyAnswer, UsernamePolicyAnswer
from app.schemas.session import DeviceBody
from app.services.activate import ActivationRequest, KeyOffer
from app.services.sessions import Device


class VerifyKeyBody(Request):
    district: DistrictId
    activation_key: TypedKey


class KeyOfferAnswer(Answer):
    """What the key opens, for the screen that asks for a username and a password."""

    portal: Portal
    first_name: Annotated[str, Field(max_length=255, description="Whose account it becomes", examples=["Maria"])]
    expires_at: Moment
    username: (
        Annotated[str, Field(max_length=128, description="The username that the key brings, if it does")] | None
    ) = None
    password_policy: PasswordPolicyAnswer
    username_policy: UsernamePolicyAnswer

    @classmethod
    def of(cls, offer: KeyOffer) -> "KeyOfferAnswer":
        return cls(
            portal=offer.portal,
            first_name=offer.first_name,
            expires_at=offer.expires_at,
            username=offer.username,
            password_policy=PasswordPolicyAnswer.of(offer.password_policy),
            username_policy=UsernamePolicyAnswer.of(offer.username_policy),
        )


class ActivateBody(Request):
    district: DistrictId
    activation_key: TypedKey
    username: Username
    password: Password
    password_confirm: Password
    recovery_email: MailAddress | None = None
    locale: LanguageTag | None = None
    device: DeviceBody | None = None

    def request(self, idempotency_key: str | None) -> ActivationRequest:
        return ActivationRequest(
            district=self.district,
            activation_key=self.activation_key,
            username=self.username,
            password=self.password,
            password_confirm=self.password_confirm,
            recovery_email=self.recovery_email,
            locale=self.locale,
            device=self.device.device() if self.device else Device(),
            idempotency_key=idempotency_key,
        )
