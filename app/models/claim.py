"""A student who has proved who he is, on his way to an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class ClaimTicket(HasId, Base):
    """Between the two steps of a claim. Its token is derived from the id under the secret keys; nothing secret is stored."""

    __tablename__ = "claim_tickets"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    """While a completion computes its hashes nobody else may begin one; a lost process lets this lapse."""
