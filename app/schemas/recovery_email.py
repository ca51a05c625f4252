"""The recovery (security) e-mail."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import MailAddress, Password, Request, SecretText


class SetRecoveryEmailBody(Request):
    email: MailAddress
    current_password: Password


class ConfirmRecoveryEmailBody(Request):
    """Either the token of the mailed link or the code that stands beside it."""

    token: SecretText | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, examples=["F7KQ-2XWM"]
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "ConfirmRecoveryEmailBody":
        if (self.token is None) == (self.code is None):
            raise PydanticCustomError("token_or_code", "one of them")
        return self
