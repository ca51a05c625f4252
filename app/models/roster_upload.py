"""Rosters that an office has uploaded, and what came of each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class RosterUpload(HasId, Base):
    """One upload. The package itself is not kept; the report holds places, codes and counts, no personal data."""

    __tablename__ = "roster_uploads"

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id"), index=True)
    uploaded_by: Mapped[UUID | None]
    """The account of the staff member; None for an operator."""
    uploaded_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    """None while it is read, and for good where the process was lost: then nothing was written."""
    dry_run: Mapped[bool]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`imported`, `unchanged`, `refused` or `dry_run`; `failed` where something broke that is not the package's fault."""
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
