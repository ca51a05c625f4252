"""Proving once more who one is."""

from pydantic import Field

from app.schemas.common import Password, Request
from app.schemas.passkeys import CredentialBody
from app.schemas.totp import TotpCode


class StepUpBody(Request):
    """One of the three: a passkey; the code where the account has an authenticator; else the password."""

    totp: TotpCode | None = None
    password: Password | None = None
    passkey: CredentialBody | None = Field(
        default=None, description="What `credential.toJSON()` gives for the options of POST /me/step-up/options"
    )
