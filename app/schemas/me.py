"""What a signed-in person sees."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.challenge import AnsweredQuestions, QuestionAnswer
from app.schemas.common import Answer, LanguageTag, Named, Password, Request
from app.services.me import HiddenStudents, StudentView


class ChangeMeBody(Request):
    locale: LanguageTag


class ChangePasswordBody(Request):
    current_password: Password
    password: Password
    password_confirm: Password


class SetAnswersBody(Request):
    current_password: Password
    challenge_answers: Annotated[AnsweredQuestions, Field(min_length=1)]


class QuestionsAnswer(Answer):
    """What to choose from, and how many to answer."""

    questions: Annotated[list[QuestionAnswer], Field(max_length=50)]
    answers_needed: Annotated[int, Field(ge=1, le=10, examples=[3])]


class StudentItem(Answer):
    id: UUID
    first_name: Annotated[str, Field(max_length=255, examples=["Ana"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Lopez"])]
    student_number: Annotated[str, Field(max_length=255, examples=["0123456"])] | None = None
    state_id: Annotated[str, Field(max_length=255, description="The state's number, such as Georgia's GTID")] | None = (
        None
    )
    school: Named | None = None
    district: Named


class HiddenAnswer(Answer):
    """Why somebody does not see all of her children."""

    portal_off: Annotated[
        int,
        Field(ge=0, le=1_000, description="The relationship does not include portal access; the school can change it"),
    ]
    left_roster: Annotated[int, Field(ge=0, le=1_000, description="No longer in the district's roster")]


class StudentList(Answer):
    items: Annotated[list[StudentItem], Field(max_length=1_000)]
    hidden: HiddenAnswer | None = None

    @classmethod
    def of(cls, students: Sequence[StudentView], hidden: HiddenStudents | None) -> "StudentList":
        return cls(
            items=[StudentItem.model_validate(student) for student in students],
            hidden=HiddenAnswer.model_validate(hidden) if hidden else None,
        )
