"""Words that several flows share, each with its bounds."""

import base64
import binascii
import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.clock import rfc3339
from app.services.captchas import CAPTCHA_MAX_LENGTH
from app.services.credential_policy import PASSWORD_MAX_LENGTH
from app.services.district_settings import DISTRICT_ID_MAX_LENGTH
from app.text import is_plain


class Request(BaseModel):
    """Unknown fields are refused: a misspelt field is a mistake, and no body may smuggle in an id."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True)


def no_control_characters(text: str) -> str:
    if not is_plain(text):
        raise PydanticCustomError("text_expected", "control characters")
    return text


def _not_too_long(password: str) -> str:
    if len(password) > PASSWORD_MAX_LENGTH:
        raise PydanticCustomError("password_too_long", "too long", {"max": PASSWORD_MAX_LENGTH})
    return password


Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-08-03T12:00:00Z"], "maxLength": 20}),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(no_control_characters)]
DistrictId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=DISTRICT_ID_MAX_LENGTH),
    AfterValidator(no_control_characters),
    Field(description="The district's id, from GET /districts", examples=["jackson-ga"]),
]
TypedKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(no_control_characters),
    Field(
        description="The activation key as it was typed: any case, dashes and spaces do not matter",
        examples=["F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V"],
    ),
]
Username = Annotated[
    str,
    StringConstraints(max_length=128),
    AfterValidator(no_control_characters),
    Field(description="As it was typed", examples=["maria2026"]),
]
Password = Annotated[
    str,
    AfterValidator(_not_too_long),
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "maxLength": PASSWORD_MAX_LENGTH,
            "examples": ["correct horse battery 9"],
        }
    ),
]
LanguageTag = Annotated[
    str,
    StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
    Field(description="A BCP 47 language tag", examples=["es"]),
]
MailAddress = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+$"),
    Field(examples=["maria.lopez@example.org"]),
]
SecretText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
CaptchaText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=CAPTCHA_MAX_LENGTH),
    Field(description="What the CAPTCHA's widget gave; for ALTCHA its base64 payload. Needed after `captcha_required`"),
]


class Named(Answer):
    id: Annotated[str, Field(max_length=64, examples=["jackson-ga"])]
    name: Annotated[str, Field(max_length=255, examples=["Jackson County Schools"])]


def encode_cursor(position: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The position in a cursor that this service gave.

    Raises:
        PydanticCustomError: `cursor_invalid`, for anything else.
    """
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as fault:
        raise PydanticCustomError("cursor_invalid", "not a cursor") from fault
    if (
        not isinstance(position, list)
        or [type(part) for part in position] != list(kinds)
        or not is_plain("".join(map(str, position)))
    ):
        raise PydanticCustomError("cursor_invalid", "not a cursor")
    return tuple(position)
