"""Who works beside requests."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class WorkerBeat(HasId, Base):
    """A worker that runs, or has run until a short time ago."""

    __tablename__ = "worker_beats"

    release: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """It says so every minute."""
