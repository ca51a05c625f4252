"""Words that several flows share, each with its bounds."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.clock import rfc3339
from app.services.captchas import CAPTCHA_MAX_LENGTH
from app.services.credential_policy import PASSWORD_MAX_LENGTH
from app.services.district_settings import DISTRICT_ID_MAX_LENGTH
from app.text import is_plain


class Request(BaseModel):
    """Unknown fields are refused: a misspelt field is a mistake, and no body may smuggle in an id."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_it_is_specified(cls, value: object, info: ValidationInfo) -> object:
        """Pydantic takes 0 for false and for a day of 1970, "8" for a number; the specification does not."""
        for kind in _kinds(cls, info.field_name or "") if value is not None else ():
            fits, fault = _FORMS[kind]
            if not fits(value):
                raise PydanticKnownError(fault)
        return value


@cache
def _kinds(model: type[BaseModel], field: str) -> tuple[type, ...]:
    """Those of the field's types that pydantic would take other things for."""
    return tuple(kind for kind in _FORMS if kind in _types_in(model.model_fields[field].annotation))


def _types_in(annotation: object) -> Iterator[object]:
    yield annotation
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        yield from (kind for part in get_args(annotation) for kind in _types_in(part))


def moment_as_text(value: object) -> object:
    """For moments of a query, where pydantic would take `0` for the beginning of 1970."""
    if not _is_moment(value):
        raise PydanticKnownError("datetime_type")
    return value


def _is_text_like(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.match(pattern, value, re.ASCII) is not None


_is_moment = _is_text_like(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
_FORMS: Mapping[type, tuple[Callable[[object], bool], Any]] = {
    bool: (lambda value: isinstance(value, bool), "bool_type"),
    int: (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "int_type"),
    date: (_is_text_like(r"\d{4}-\d\d-\d\d"), "date_type"),
    datetime: (_is_moment, "datetime_type"),
    AwareDatetime: (_is_moment, "datetime_type"),
}


class Answer(BaseModel):
    model_config = ConfigDict(
        frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True, defer_build=True
    )


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
