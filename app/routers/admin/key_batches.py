"""Activation keys for many at once: batches by letter or by mail, and the letters that wait."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response

from app.errors import FeatureDisabled, IdempotencyInProgress, IdempotencyKeyReused, LettersNotPrintable, NotFound
from app.openapi import refusals
from app.route_guards import for_staff
from app.routers.dependencies import AtDesk, CampusPart, IdempotencyKey
from app.routers.operations import Operations
from app.routers.paging import AfterMoment, Limit
from app.schemas.admin.activation_keys import BatchAnswer, BatchBody, BatchList, LettersBody, RevokedKeys
from app.services.clerk import StaffRole
from app.services.keys import KeyChannel
from app.services.office.key_batches import BatchReport
from app.services.office.key_file import COLUMNS, csv_of
from app.services.office.print_room import LETTERS_AT_ONCE

router = Operations(prefix="/activation-keys")

_CSV, _PDF = "text/csv", "application/pdf"
_AS_FILE: dict[int | str, dict[str, Any]] = {
    201: {
        "content": {
            _CSV: {
                "schema": {
                    "type": "string",
                    "maxLength": 2_000_000,
                    "description": f"For `Accept: text/csv`, where there are keys: {', '.join(COLUMNS)}. "
                    "A name that a spreadsheet would run as a formula stands behind an apostrophe.",
                }
            },
            _PDF: {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "maxLength": 50_000_000,
                    "description": f"For `Accept: application/pdf`, where there are keys: a page a person, at most {LETTERS_AT_ONCE}. "
                    "If they could not be printed after all, the answer is the CSV, so that no key is lost: go by its `Content-Type`.",
                }
            },
        },
        "headers": {
            "Keys-Left": {
                "schema": {"type": "string", "maxLength": 10, "pattern": "^[0-9]+$"},
                "description": "With CSV and PDF: what is `left` in JSON",
            }
        },
    }
}


@router.post(
    "/batches",
    summary="Issue a batch of activation keys",
    status_code=201,
    response_model=BatchAnswer,
    responses=_AS_FILE
    | refusals(NotFound, LettersNotPrintable, FeatureDisabled, IdempotencyKeyReused, IdempotencyInProgress),
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def issue_activation_key_batch(
    body: BatchBody, request: Request, clerk: AtDesk, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> Response:
    """To everybody who may have an account and has neither one nor a live key, at most 1,000 at once: ask again while there are some `left`.

    Letters: the keys are in this answer, once. A request that is repeated with its `Idempotency-Key` gets the report without them, in
    JSON; where they are lost, revoke the batch and issue another. Mails go to the addresses of the roster, and no key is shown.
    """
    if body.channel is KeyChannel.EMAIL or not _wants(request, _PDF):
        return _answer(await campus.key_batches.issue(clerk, body.order(idempotency_key)), request)
    async with campus.print_room.reserved():
        report = await campus.key_batches.issue(clerk, body.order(idempotency_key, LETTERS_AT_ONCE))
        return await _printed(report, request, clerk, campus)


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
    responses=_AS_FILE | refusals(LettersNotPrintable, FeatureDisabled, IdempotencyKeyReused, IdempotencyInProgress),
)
@for_staff(StaffRole.DISTRICT_ADMIN, step_up=True)
async def print_activation_key_letters(
    body: LettersBody, request: Request, clerk: AtDesk, campus: CampusPart, idempotency_key: IdempotencyKey = None
) -> Response:
    """Letters that were ordered one by one, at most 1,000 at once. Each gets its key now, and its whole lifetime; nobody has seen one before.

    They become a batch, with the same answer and the same remedies.
    """
    if not _wants(request, _PDF):
        return _answer(await campus.key_batches.print_letters(clerk, body.order(idempotency_key)), request)
    async with campus.print_room.reserved():
        report = await campus.key_batches.print_letters(clerk, body.order(idempotency_key, LETTERS_AT_ONCE))
        return await _printed(report, request, clerk, campus)


def _wants(request: Request, media_type: str) -> bool:
    return media_type in request.headers.get("accept", "")


async def _printed(report: BatchReport, request: Request, clerk: AtDesk, campus: CampusPart) -> Response:
    if not report.keys:
        return _answer(report, request)
    pdf = await campus.print_room.sheets(clerk.district_id, report.keys)
    return _file(report, "pdf", _PDF, pdf) if pdf else _file(report, "csv", _CSV, csv_of(report.keys))


def _answer(report: BatchReport, request: Request) -> Response:
    if report.keys is None or not _wants(request, _CSV):
        answer = BatchAnswer.of(report).model_dump_json(exclude_none=True)
        return Response(answer, 201, media_type="application/json")
    return _file(report, "csv", _CSV, csv_of(report.keys))


def _file(report: BatchReport, ending: str, media_type: str, content: str | bytes) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="activation-keys-{report.id}.{ending}"',
        "Keys-Left": str(report.remaining),
    }
    return Response(content, 201, headers, media_type=media_type)
