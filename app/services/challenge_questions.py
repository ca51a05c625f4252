"""Challenge questions: the ten that ship or the district's own, what counts as an answer, and one hash over all of them.

Nobody learns which answer was wrong, not even from the time that it takes: the answers have one hash together, computed once.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, ValidationFailed
from app.models import Account, ChallengeAnswers, District
from app.portals import Portal
from app.security.digests import Digests
from app.security.hash_pool import HashPool
from app.services.district_settings import DistrictSettings
from app.text import search_words
from app.translation import msg

SHIPPED = {
    "first_pet": msg("What was the name of your first pet?"),
    "favorite_teacher": msg("What is the name of a teacher whom you liked?"),
    "childhood_friend": msg("What is the first name of your oldest friend?"),
    "favorite_book": msg("Which book have you read most often?"),
    "first_street": msg("What is the name of the first street that you remember living in?"),
    "favorite_food": msg("Which dish would you eat every day?"),
    "dream_job": msg("What did you want to become when you were little?"),
    "favorite_toy": msg("What was your favorite toy?"),
    "farthest_place": msg("What is the farthest place that you have travelled to?"),
    "favorite_game": msg("Which game do you play best?"),
}
ANSWER_MIN_LENGTH = 2
_PURPOSE = "challenge-answers"


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    """As the district wrote it, or to be translated."""


@dataclass(frozen=True)
class Answer:
    question_id: str
    answer: str


def questions_of(settings: DistrictSettings) -> Sequence[Question]:
    """What somebody may choose from; nothing where the district has switched questions off."""
    if not settings.features.challenge_questions:
        return ()
    own = settings.challenge_questions.questions
    return [Question(_own_id(text), text) for text in own] or [Question(*shipped) for shipped in SHIPPED.items()]


def answers_needed(settings: DistrictSettings) -> int:
    return min(settings.challenge_questions.count, len(questions_of(settings)))


def check_answers(answers: Sequence[Answer], settings: DistrictSettings) -> None:
    """That these answers could be kept: so many as the district wants, to different questions of its list, none empty.

    Raises:
        ValidationFailed: with every fault.
    """
    needed, left = answers_needed(settings), {question.id for question in questions_of(settings)}
    errors = []
    if len(answers) != needed:
        detail = msg("Answer {count} of the questions.")
        errors.append(FieldError("/challenge_answers", "answers_count", detail, {"count": needed}))
    for place, given in enumerate(answers):
        errors += _faults_of(given, f"/challenge_answers/{place}", left)
        left.discard(given.question_id)
    if errors:
        raise ValidationFailed(errors)


def _faults_of(given: Answer, pointer: str, left: Collection[str]) -> Iterator[FieldError]:
    if given.question_id not in left:
        detail = msg("Choose another question: this one is not in the list, or it is answered already.")
        yield FieldError(pointer + "/question_id", "question_unknown", detail)
    if len(normalised(given.answer)) < ANSWER_MIN_LENGTH:
        detail = msg("Use at least {min} letters or digits.")
        yield FieldError(pointer + "/answer", "answer_too_short", detail, {"min": ANSWER_MIN_LENGTH})


def normalised(answer: str) -> str:
    """Capitals, accents, punctuation and spaces do not matter."""
    return search_words(answer).replace(" ", "")


@dataclass(frozen=True)
class AnswerHashes:
    digests: Digests
    hash_pool: HashPool

    async def hash(self, account_id: UUID, answers: Sequence[Answer]) -> str:
        """`<id of the secret key>:<Argon2id>`; no transaction may be open meanwhile."""
        digest = self.digests.digest(_PURPOSE, account_id.hex, *(normalised(given.answer) for given in answers))
        return f"{digest.partition(':')[0]}:{await self.hash_pool.hash(digest)}"

    async def verify(self, account_id: UUID, answers: Sequence[str], stored: str | None) -> bool:
        """Whether these are the answers, in the order of the questions; at equal cost where there is nothing to compare with."""
        key_id, _, answers_hash = (stored or "").partition(":")
        candidates = self.digests.candidates(_PURPOSE, account_id.hex, *map(normalised, answers))
        mine = next((digest for digest in candidates if digest.startswith(f"{key_id}:")), candidates[0])
        return (await self.hash_pool.verify(mine, answers_hash or None)).right


def stored_questions(answers: Sequence[Answer], settings: DistrictSettings) -> list[dict[str, Any]]:
    """What is kept of the questions: an id, and the text where the district wrote it and may change it."""
    texts = {question.id: question.text for question in questions_of(settings)}
    return [
        {"id": given.question_id}
        if given.question_id in SHIPPED
        else {"id": given.question_id, "text": texts[given.question_id]}
        for given in answers
    ]


def read_questions(stored: Sequence[dict[str, Any]]) -> Sequence[Question]:
    return [Question(kept["id"], kept.get("text") or SHIPPED.get(kept["id"], "")) for kept in stored]


def has_answers() -> ColumnElement[bool]:
    """SQL: the owner of the `Account` row has answered questions."""
    return exists().where(ChallengeAnswers.account_id == Account.id)


def wants_answers() -> Any:
    """SQL: whether the owner of the `Account` row should answer some, as the column `wants_answers`."""
    asked = District.settings["features"]["challenge_questions"].as_boolean().is_(True)
    return and_(asked, Account.portal != Portal.STAFF.value, ~has_answers()).label("wants_answers")


async def drop_answers(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(
        delete(ChallengeAnswers)
        .where(ChallengeAnswers.account_id == account_id)
        .execution_options(synchronize_session=False)
    )


def _own_id(text: str) -> str:
    """The same text is the same question, wherever it stands in the list."""
    return f"own_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
