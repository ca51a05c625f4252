"""The authenticator app, and proving once more who one is."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.common import Answer, Password, Request, no_control_characters
from app.services.authenticator import Enrolment

TotpCode = Annotated[
    str,
    StringConstraints(min_length=6, max_length=20),
    AfterValidator(no_control_characters),
    Field(description="Six digits of the authenticator app, or a recovery code. Each works once", examples=["492039"]),
]


class EnrolmentAnswer(Answer):
    """For the authenticator: as a QR code, or to be typed."""

    secret: Annotated[str, Field(max_length=64, description="Base32", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])]
    otpauth_uri: Annotated[
        str,
        Field(
            max_length=1_000,
            examples=["otpauth://totp/Jackson:dana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Jackson"],
        ),
    ]

    @classmethod
    def of(cls, enrolment: Enrolment) -> "EnrolmentAnswer":
        return cls.model_validate(enrolment)


class ConfirmTotpBody(Request):
    totp: Annotated[TotpCode, Field(description="Six digits that the authenticator shows now")]


class StepUpBody(Request):
    """One of the two: the code where the account has an authenticator, else the password."""

    totp: TotpCode | None = None
    password: Password | None = None
