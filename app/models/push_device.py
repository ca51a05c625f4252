"""Where push messages go."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class PushDevice(HasId, Base):
    """An app on a device, registered for the messages of one account."""

    __tablename__ = "push_devices"
    __table_args__ = (UniqueConstraint("account_id", "installation_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    installation_id: Mapped[str] = mapped_column(String(100), index=True)
    platform: Mapped[str] = mapped_column(String(10))
    provider: Mapped[str] = mapped_column(String(10))
    token_digest: Mapped[str] = mapped_column(String(80), index=True)
    sealed_token: Mapped[str] = mapped_column(Text)
    """The provider's token, sealed: whoever has it can write to the device."""
    locale: Mapped[str | None] = mapped_column(String(35))
    registered_at: Mapped[datetime]
    """The last time that the app said it is there."""
    switched_off_at: Mapped[datetime | None]
    """By its owner; remembered, so that no later switch of accounts turns it on again."""
