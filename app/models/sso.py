"""Single sign-on: a district's own providers, and the codes in which a sign-in by one of them ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, HasId


class SsoProvider(HasId, Base):
    """An OpenID Connect provider that signs people of a district in, and how its claims name them."""

    __tablename__ = "sso_providers"
    __table_args__ = (UniqueConstraint("district_id", "name"),)

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(32))
    """As the office calls it in addresses: `google`."""
    label: Mapped[str] = mapped_column(String(100))
    """As the button calls it."""
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(500))
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    """Sealed under the secret keys; None for a public client."""
    scopes: Mapped[str] = mapped_column(String(500))
    """With spaces between them, as OAuth writes them."""
    portals: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """For each portal that it opens: the claim, and the roster's identifier that it is compared with."""
    required_claims: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    makes_accounts: Mapped[bool] = mapped_column(default=True)
    trusts_mfa: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime]


class SsoCode(HasId, Base):
    """Somebody has proved to a provider who he is; with the code his app gets a session, once."""

    __tablename__ = "sso_codes"

    flow: Mapped[str] = mapped_column(String(64), unique=True)
    """Digest of the attempt that it came of, so that each ends in one code at most."""
    district_id: Mapped[str] = mapped_column(ForeignKey("districts.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(32))
    """Its name; once the office has taken the provider away, the code opens nothing."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    portal: Mapped[str] = mapped_column(String(16))
    redirect_uri: Mapped[str] = mapped_column(String(500))
    code_challenge: Mapped[str] = mapped_column(String(43))
    with_mfa: Mapped[bool]
    """The provider asked for a second factor, and the district trusts it in that."""
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asked_totp: Mapped[bool] = mapped_column(default=False)
    """It was given more time, once, to type the code of the authenticator."""
    used_at: Mapped[datetime | None]
