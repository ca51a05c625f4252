"""Challenge questions: what somebody chose, and a keyed hash over all of the answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ChallengeAnswers(Base):
    """The answers of one account. All of them together have one hash: nothing tells which of them somebody had right."""

    __tablename__ = "challenge_answers"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    questions: Mapped[list[dict[str, Any]]]
    """`id` and, where the district wrote it, `text`; kept here, as the district may change its list."""
    answers_hash: Mapped[str] = mapped_column(String(255))
    """Argon2id over the keyed digest of the normalised answers, in the order of `questions`."""
    set_at: Mapped[datetime]
