"""A forgotten password."""

from typing import Annotated

from pydantic import Field

from app.portals import Portal
from app.schemas.common import Answer, CaptchaText, DistrictId, Moment, Password, Request, SecretText, Username
from app.schemas.districts import PasswordPolicyAnswer
from app.services.password_reset import ResetOffer


class PasswordResetBody(Request):
    district: DistrictId
    portal: Portal
    username: Username
    captcha: CaptchaText | None = None


class MailedToken(Request):
    token: SecretText = Field(description="From the fragment of the mailed link")


class ConfirmResetBody(MailedToken):
    password: Password
    password_confirm: Password


class Accepted(Answer):
    """The same for everybody: nothing tells whether there is such an account."""

    detail: Annotated[str, Field(max_length=500, description="For people, in their language")]


class ResetOfferAnswer(Answer):
    """What the link opens, for the form that asks for a new password."""

    username_masked: Annotated[str, Field(max_length=128, examples=["ma*****26"])]
    password_policy: PasswordPolicyAnswer
    expires_at: Moment

    @classmethod
    def of(cls, offer: ResetOffer) -> "ResetOfferAnswer":
        return cls(
            username_masked=offer.username_masked,
            password_policy=PasswordPolicyAnswer.of(offer.password_policy),
            expires_at=offer.expires_at,
        )
