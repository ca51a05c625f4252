"""Who did what, to whom, when: the audit trail of the district."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse

from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart
from app.routers.operations import Operations
from app.routers.paging import Cursor, Limit, position_in
from app.schemas.admin.audit import EVENTS, Actor, AskedMoment, AuditPage, TagPrefix
from app.services.clerk import StaffRole
from app.services.office.audit_file import audit_header, audit_lines
from app.services.office.audit_trail import AuditFilter, AuditItem, AuditPosition

router = Operations(prefix="/audit-events")

_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One line an event, newest first, under a line of names",
        "content": {"text/csv": {"schema": {"type": "string", "maxLength": 2_000_000_000}}},
    }
}


async def _wanted(
    person_id: Annotated[UUID | None, Query(description="What happened to this person, in any portal")] = None,
    account_id: Annotated[UUID | None, Query(description="What happened to this account")] = None,
    actor: Annotated[
        Actor | None, Query(description="What this one did: `account:` and its id, `operator`, `worker`, `anonymous`")
    ] = None,
    tag: Annotated[TagPrefix | None, Query(description="How the tag begins", examples=["office:account:"])] = None,
    since: AskedMoment | None = None,
    until: Annotated[AskedMoment | None, Query(description="Up to, but not including")] = None,
    student_id: Annotated[
        UUID | None, Query(description="What happened to this student, who looked at him, who changed who may see him")
    ] = None,
) -> AuditFilter:
    return AuditFilter(person_id, account_id, actor, tag, since, until, student_id)


Wanted = Annotated[AuditFilter, Depends(_wanted)]


async def _after(campus: CampusPart, cursor: Cursor = None) -> AuditPosition | None:
    """Sealed, as it holds a number that is nobody's business."""
    return position_in(cursor, lambda sealed: EVENTS.read(campus.digests.unseal(sealed) or ""))


@router.get("", summary="What happened in the district", responses=refusals(), response_model_exclude_none=True)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_audit_events(
    clerk: AtDesk,
    campus: CampusPart,
    wanted: Wanted,
    after: Annotated[AuditPosition | None, Depends(_after)],
    limit: Limit = 20,
) -> AuditPage:
    """Changes and security events; nobody changes or deletes one."""
    return AuditPage.of(await campus.audit_trail.page(clerk, wanted, limit, after), seal=campus.digests.seal)


@router.get(
    "/export",
    summary="What happened in the district, as CSV",
    response_class=StreamingResponse,
    responses=_CSV | refusals(),
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def export_audit_events(clerk: AtDesk, campus: CampusPart, wanted: Wanted) -> StreamingResponse:
    """Every event that the list would show page by page. The export itself is an event."""
    pages = await campus.audit_trail.export(clerk, wanted)
    return StreamingResponse(_csv(pages), media_type="text/csv", headers={"Content-Disposition": _AS_FILE})


_AS_FILE = 'attachment; filename="audit-events.csv"'


async def _csv(pages: AsyncIterator[Sequence[AuditItem]]) -> AsyncIterator[str]:
    yield audit_header()
    async for page in pages:
        yield audit_lines(page)
