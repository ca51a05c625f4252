"""Activation keys for many at once: batches by letter or by mail, and the letters that wait."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.errors import FeatureDisabled, IdempotencyInProgress, IdempotencyKeyReused, NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart, IdempotencyKey
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.activation_keys import BatchAnswer, BatchBody, BatchList, LettersBody, RevokedKeys
from app.services.clerk import StaffRole
from app.services.office.key_batches import BatchReport
from app.services.office.key_file import COLUMNS, csv_of

router = APIRouter(prefix="/activation-keys")

_CSV = "text/csv"
_AS_CSV: dict[int | str, dict[str, Any]] = {
    201: {
        "content": {
            _CSV: {
                "schema": {
                    "type": "string",
                    "maxLength": 2_000_000,
                    "description": f"For `Accept: text/csv`, where there are keys: {', '.join(COLUMNS)}. "
                    "A name that a spreadsheet would run as a formula stands behind an apostrophe.",
                }
            }
        },
        "headers": {
            "Keys-Left": {
                "schema": {"type": "string", "maxLength": 10, "pattern": "^[0-9]+$"},
                "description": "With CSV: what is `left` in JSON",
            }
        },
    }
}


@router.post(
    "/batches",
    summary="Issue a batch of activation keys",
    status_code=201,
    response_model=BatchAnswer,
    responses=_AS_CSV | refusals(NotFound, FeatureDisabled, IdempotencyKeyReused, IdempotencyInProgress),
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def issue_activation_key_batch(
    body: BatchBody, request: Request, clerk: AtDesk, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> Response:
    """To everybody who may have an account and has neither one nor a live key, at most 1,000 at once: ask again while there are some `left`.

    Letters: the keys are in this answer, once. A request that is repeated with its `Idempotency-Key` gets the report without them, in
    JSON; where they are lost, revoke the batch and issue another. Mails go to the addresses of the roster, and no key is shown.
    """
    return _answer(await campus.key_batches.issue(clerk, body.order(idempotency_key)), request)


@router.get(
    "/batches", summary="List batches of activation keys", responses=refusals(), response_model_exclude_none=True
)
@for_staff(StaffRole.DISTRICT_ADMIN)
async def list_activation_key_batches(
    clerk: AtDesk, campus: CampusPart, after: AfterMoment, limit: Limit = 20
) -> BatchList:
    """What came of each; the keys themselves are shown once only, when they are made."""
    return BatchList.of(await campus.key_batches.page(clerk, limit, after))


@router.delete("/batches/{batch_id}", summary="Take a batch of activation keys back", responses=refusals(NotFound))
@for_staff(StaffRole.DISTRICT_ADMIN)
async def revoke_activation_key_batch(batch_id: UUID, clerk: AtDesk, campus: CampusPart) -> RevokedKeys:
    """Those that are still live; accounts that were made with the others stay. The remedy where its letters are lost."""
    return RevokedKeys(revoked=await campus.key_batches.revoke(clerk, batch_id))


@router.post(
    "/letters",
    summary="Print the letters that wait",
    status_code=201,
    response_model=BatchAnswer,
    responses=_AS_CSV | refusals(FeatureDisabled, IdempotencyKeyReused, IdempotencyInProgress),
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def print_activation_key_letters(
    body: LettersBody, request: Request, clerk: AtDesk, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> Response:
    """Letters that were ordered one by one, at most 1,000 at once. Each gets its key now, and its whole lifetime; nobody has seen one before.

    They become a batch, with the same answer and the same remedies.
    """
    return _answer(await campus.key_batches.print_letters(clerk, body.chosen, idempotency_key), request)


def _answer(report: BatchReport, request: Request) -> Response:
    if report.keys is None or _CSV not in request.headers.get("accept", ""):
        answer = BatchAnswer.of(report).model_dump_json(exclude_none=True)
        return Response(answer, 201, media_type="application/json")
    headers = {
        "Content-Disposition": f'attachment; filename="activation-keys-{report.id}.csv"',
        "Keys-Left": str(report.remaining),
    }
    return Response(csv_of(report.keys), 201, headers, media_type=_CSV)
