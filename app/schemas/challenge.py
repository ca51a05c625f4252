"""Challenge questions and their answers."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.common import Answer, Request, no_control_characters
from app.services.challenge_questions import Answer as ChallengeAnswer
from app.services.challenge_questions import Question
from app.translation import Translator

QuestionId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    AfterValidator(no_control_characters),
    Field(examples=["first_pet"]),
]


class QuestionAnswer(Answer):
    id: Annotated[str, Field(max_length=40, examples=["first_pet"])]
    text: Annotated[
        str, Field(max_length=200, description="For people", examples=["What was the name of your first pet?"])
    ]

    @classmethod
    def of(cls, question: Question, language: Translator) -> "QuestionAnswer":
        return cls(id=question.id, text=language.text(question.text))


class AnsweredQuestion(Request):
    question_id: QuestionId
    answer: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        AfterValidator(no_control_characters),
        Field(description="Case, accents, punctuation and spaces do not matter", examples=["Rex"]),
    ]

    def given(self) -> ChallengeAnswer:
        return ChallengeAnswer(self.question_id, self.answer)


AnsweredQuestions = Annotated[list[AnsweredQuestion], Field(max_length=10)]
