"""What protects accounts from guessing. It is counted here and not in Redis, so that nothing that is lost resets a protection."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class FailedSignIns(Base):
    """Tries at one (district, portal, username), known or not, since the last success.

    A try counts when it is let in, before its password is verified, so that parallel ones cannot overtake the count.
    """

    __tablename__ = "failed_sign_ins"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    """A keyed digest: people type passwords into the field for the name."""
    device: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The id of a known device, which counts for itself; empty for all others."""
    tries: Mapped[int]
    last_at: Mapped[datetime]
    wait_until: Mapped[datetime | None]


class WindowCount(Base):
    """How often something happened, from one address or to one account, within minutes."""

    __tablename__ = "window_counts"

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class GuessBudget(Base):
    """Guesses at the facts or the answers of one student or one username, known or not: so many a day, so many in all."""

    __tablename__ = "guess_budgets"

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Of the purpose, the district and the subject, under the secret keys."""
    total: Mapped[int]
    today: Mapped[int]
    day_ends_at: Mapped[datetime]
    """The midnight of the district after the last guess."""


class SpentCaptcha(Base):
    """A solved challenge that has been used, until it would have expired."""

    __tablename__ = "spent_captchas"

    digest: Mapped[str] = mapped_column(String(80), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
