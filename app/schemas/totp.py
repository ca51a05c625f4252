"""The authenticator app."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.common import Answer, Moment, Request, no_control_characters
from app.services.authenticator import Enrolment, Standing

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


class TotpStandingAnswer(Answer):
    set_up: Annotated[
        bool, Field(description="Whether each sign-in with the password asks for a code", examples=[True])
    ]
    set_up_at: Moment | None = None
    recovery_codes_left: Annotated[
        int, Field(ge=0, le=100, description="Unused ones. A new authenticator brings ten", examples=[10])
    ]

    @classmethod
    def of(cls, standing: Standing) -> "TotpStandingAnswer":
        moment = standing.confirmed_at
        return cls(set_up=moment is not None, set_up_at=moment, recovery_codes_left=standing.recovery_codes_left)
