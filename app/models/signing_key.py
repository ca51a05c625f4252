"""Keys that sign access tokens, where no operator brings his own."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SigningKey(Base):
    """A private key made in development, sealed under the secret keys."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_pem: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
