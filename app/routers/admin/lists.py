"""What the lists of the office have in common: whom they are asked for, and where a page begins."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from app.routers.districts import Cursor, Limit
from app.schemas.admin.people import place_in
from app.schemas.common import no_control_characters

__all__ = ["After", "Limit", "Sought"]

Sought = Annotated[
    Annotated[str, StringConstraints(max_length=254), AfterValidator(no_control_characters)] | None,
    Query(
        description="Words of the name, each at least the beginning of one (case, accents and order do not matter); or exactly the "
        "student number, the e-mail address, or an id",
        examples=["lopez mar"],
    ),
]


async def _place(cursor: Cursor = None) -> UUID | None:
    try:
        return place_in(cursor) if cursor is not None else None
    except PydanticCustomError as fault:
        raise RequestValidationError(
            [{"type": fault.type, "loc": ("query", "cursor"), "msg": "", "input": None}]
        ) from fault


After = Annotated[UUID | None, Depends(_place)]
"""The id of the row that the page before ended with."""
