"""Asking for an activation key with facts about a student."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.claim import StudentNumber
from app.schemas.common import Answer, CaptchaText, DistrictId, Line, Moment, Request, no_control_characters
from app.services.key_requests import KeyRequestFacts
from app.services.keys import IssuedKey


class KeyRequestBody(Request):
    """The facts that the district asks for; GET /districts/{id} says which."""

    district: DistrictId
    student_number: StudentNumber
    ssn_last4: (
        Annotated[
            str,
            StringConstraints(max_length=40),
            AfterValidator(no_control_characters),
            Field(description="Four digits, never the whole number", examples=["1234"]),
        ]
        | None
    ) = None
    birth_date: Annotated[date, Field(description="Of the student")] | None = None
    guardian_first_name: Line | None = None
    guardian_last_name: Line | None = None
    captcha: CaptchaText | None = None

    def facts(self) -> KeyRequestFacts:
        return KeyRequestFacts(
            student_number=self.student_number,
            ssn_last4=self.ssn_last4,
            birth_date=self.birth_date,
            guardian_first_name=self.guardian_first_name,
            guardian_last_name=self.guardian_last_name,
        )


class ShownKeyAnswer(Answer):
    """Where the district shows keys on the screen."""

    activation_key: Annotated[str, Field(max_length=40, examples=["F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"])]
    expires_at: Moment

    @classmethod
    def of(cls, key: IssuedKey) -> "ShownKeyAnswer":
        return cls(activation_key=key.activation_key, expires_at=key.expires_at)
