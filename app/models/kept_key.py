"""What is left of secret keys that were in use before."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class KeptKey(Base):
    """The keys by which an older secret key made digests that nobody can make anew, sealed under the newest one.

    The secret key itself cannot be computed from them, nor anything forged by which somebody signs in.
    """

    __tablename__ = "kept_keys"

    key_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    """The name of the secret key, as it stands before its digests; or `steady`, for a key that none of them made."""
    sealed_keys: Mapped[str] = mapped_column(Text)
    """JSON by purpose."""
    kept_at: Mapped[datetime]
    """When they were kept first: no process made anything new under the secret key after that."""
