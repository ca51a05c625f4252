"""A forgotten password."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.portals import Portal
from app.schemas.challenge import AnsweredQuestions, QuestionAnswer
from app.schemas.common import Answer, CaptchaText, DistrictId, Moment, Password, Request, SecretText, Username
from app.schemas.districts import PasswordPolicyAnswer
from app.services.answers_reset import TICKET_MAX_LENGTH, AskedQuestions
from app.services.password_reset import ResetOffer
from app.translation import Translator


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
    asks_for_code: Annotated[
        bool,
        Field(
            description="The account has an authenticator app, which a reset leaves as it is: say so before. Where app and recovery codes "
            "are lost, only the office helps"
        ),
    ]

    @classmethod
    def of(cls, offer: ResetOffer) -> "ResetOfferAnswer":
        return cls(
            username_masked=offer.username_masked,
            password_policy=PasswordPolicyAnswer.of(offer.password_policy),
            expires_at=offer.expires_at,
            asks_for_code=offer.asks_for_code,
        )


class AskQuestionsBody(Request):
    district: DistrictId
    username: Username
    portal: Portal = Field(default=Portal.STUDENT, description="Never `staff`")
    captcha: CaptchaText | None = None


class AskedQuestionsAnswer(Answer):
    """The same for everybody: unknown names get questions, too."""

    ticket: Annotated[str, Field(max_length=TICKET_MAX_LENGTH, description="For the answers, within ten minutes")]
    questions: Annotated[list[QuestionAnswer], Field(max_length=10)]

    @classmethod
    def of(cls, asked: AskedQuestions, language: Translator) -> "AskedQuestionsAnswer":
        return cls(
            ticket=asked.ticket, questions=[QuestionAnswer.of(question, language) for question in asked.questions]
        )


class AnswerQuestionsBody(Request):
    ticket: Annotated[str, StringConstraints(min_length=1, max_length=TICKET_MAX_LENGTH)]
    answers: Annotated[AnsweredQuestions, Field(min_length=1)]


class ResetTokenAnswer(Answer):
    token: Annotated[str, Field(max_length=500, description="For POST /password-reset/confirm, within ten minutes")]
