"""The directory of districts, and the login screen of one."""

from typing import Annotated

from fastapi import Depends, Header, Query, Response
from pydantic import StringConstraints

from app.errors import DistrictNotFound
from app.openapi import refusals
from app.route_guards import Budget, limited
from app.routers.dependencies import CampusPart
from app.routers.etag import CACHEABLE, cacheable
from app.routers.operations import Operations
from app.routers.paging import Limit, after
from app.schemas.common import DistrictId
from app.schemas.districts import BY_RANK, DistrictList, LoginScreenAnswer
from app.services.directory.index import Position

router = Operations(prefix="/districts", tags=["Districts"])

IfNoneMatch = Annotated[
    Annotated[str, StringConstraints(max_length=1_000)] | None,
    Header(alias="If-None-Match", description="The ETag of an earlier answer"),
]
Words = Annotated[
    Annotated[str, StringConstraints(max_length=100)] | None,
    Query(
        description="Fragments of the name or the city; case, accents, order, abbreviations and small typing errors do not matter",
        examples=["jackson"],
    ),
]
State = Annotated[
    Annotated[str, StringConstraints(min_length=2, max_length=2, pattern=r"^[A-Za-z]{2}$")] | None,
    Query(description="A two-letter state", examples=["GA"]),
]


@router.get("", summary="Find a district", response_model=DistrictList, responses=CACHEABLE | refusals())
@limited(Budget.PUBLIC)
async def list_districts(
    campus: CampusPart,
    end: Annotated[Position | None, Depends(after(BY_RANK))],
    q: Words = None,
    state: State = None,
    limit: Limit = 20,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Districts that do not take part have empty `portals`.

    A match in the name ranks before one in the city, the beginning of a word before the rest of it; where these are equal, districts that
    take part come first.
    """
    found = await campus.district_search.search(q=q, state=state.upper() if state else None, limit=limit, after=end)
    return cacheable(DistrictList.of(found), if_none_match)


@router.get(
    "/{district_id}",
    summary="The login screen of a district",
    response_model=LoginScreenAnswer,
    responses=CACHEABLE | refusals(DistrictNotFound),
)
@limited(Budget.PUBLIC)
async def get_district(district_id: DistrictId, campus: CampusPart, if_none_match: IfNoneMatch = None) -> Response:
    """Everything that an app shows before anybody has signed in: features, policies, announcements, support, languages."""
    screen = await campus.districts.login_screen(district_id)
    return cacheable(LoginScreenAnswer.of(screen), if_none_match)
