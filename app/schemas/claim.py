"""Claiming a student's account."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.challenge import AnsweredQuestions, QuestionAnswer
from app.schemas.common import (
    Answer,
    CaptchaText,
    DistrictId,
    LanguageTag,
    Line,
    Password,
    Request,
    SecretText,
    no_control_characters,
)
from app.schemas.session import DeviceBody
from app.services.claim import ClaimOffer, ClaimRequest
from app.services.claim_completion import CompletionRequest
from app.services.sessions import Device
from app.translation import Translator

StudentNumber = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30),
    AfterValidator(no_control_characters),
    Field(description="As on the report card, without the S of the username", examples=["0123456"]),
]


class ClaimBody(Request):
    district: DistrictId
    last_name: Line
    first_name: Line
    student_number: StudentNumber
    birth_date: Annotated[date, Field(description="Where the district asks for it")] | None = None
    captcha: CaptchaText | None = None

    def request(self) -> ClaimRequest:
        return ClaimRequest(self.last_name, self.first_name, self.student_number, self.birth_date)


class ClaimOfferAnswer(Answer):
    """For the screen that asks for a password and for the answers."""

    ticket: Annotated[str, Field(max_length=500, description="For the second step, within `expires_in` seconds")]
    username: Annotated[str, Field(max_length=128, description="Of the account that it becomes", examples=["S0123456"])]
    questions: Annotated[list[QuestionAnswer], Field(max_length=50, description="To choose from; empty for none")]
    answers_needed: Annotated[int, Field(ge=0, le=10, examples=[3])]
    expires_in: Annotated[int, Field(ge=1, le=3_600, description="Seconds", examples=[900])]

    @classmethod
    def of(cls, offer: ClaimOffer, language: Translator) -> "ClaimOfferAnswer":
        return cls(
            ticket=offer.ticket,
            username=offer.username,
            questions=[QuestionAnswer.of(question, language) for question in offer.questions],
            answers_needed=offer.answers_needed,
            expires_in=offer.expires_in,
        )


class CompleteClaimBody(Request):
    ticket: SecretText
    password: Password
    password_confirm: Password
    challenge_answers: AnsweredQuestions = Field(
        default=[], description="As many as `answers_needed`, to different questions"
    )
    locale: LanguageTag | None = None
    device: DeviceBody | None = None

    def request(self) -> CompletionRequest:
        return CompletionRequest(
            ticket=self.ticket,
            password=self.password,
            password_confirm=self.password_confirm,
            challenge_answers=[answered.given() for answered in self.challenge_answers],
            locale=self.locale,
            device=self.device.device() if self.device else Device(),
        )
