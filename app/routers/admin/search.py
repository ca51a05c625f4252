"""How the office names those whom it looks for."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, StringConstraints

from app.schemas.common import no_control_characters

Sought = Annotated[
    Annotated[str, StringConstraints(max_length=254), AfterValidator(no_control_characters)] | None,
    Query(
        description="Words of the name, each at least the beginning of one (case, accents and order do not matter); or exactly the "
        "student number, the e-mail address, or an id",
        examples=["lopez mar"],
    ),
]
