"""Uploaded rosters and what came of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.common import Answer, Moment
from app.schemas.cursors import BY_MOMENT, NextCursor
from app.services.office.roster_uploads import Upload
from app.services.pages import MomentPosition, Page
from app.services.roster.codes import ADVICE
from app.services.roster.report import counts
from app.translation import Translator

_MOST_WARNINGS = 500
_MOST_SCHOOLS = 2_000
_Count = Annotated[int, Field(ge=0, le=2**31 - 1, examples=[12])]
_Text = Annotated[str, Field(max_length=255)]


class RosterCounts(Answer):
    schools: _Count
    students: _Count
    guardians: _Count
    staff: _Count
    relationships: _Count
    others: Annotated[_Count, Field(description="People without any role")] = 0


class SchoolCounts(Answer):
    schools: Annotated[int, Field(ge=0, le=1, description="The school itself")]
    students: _Count
    staff: _Count
    relationships: Annotated[_Count, Field(description="Of its students, with their guardians")]


class RosterSchool(Answer):
    """What changes at one school. Everybody counts once, at the primary school."""

    sourced_id: _Text
    name: _Text
    created: SchoolCounts
    updated: SchoolCounts
    ended: SchoolCounts
    leaving: SchoolCounts
    unchanged: SchoolCounts


class RosterFault(Answer):
    """Where something is wrong and what to do about it. No value of the roster is repeated."""

    file: Annotated[str, Field(max_length=255, examples=["users.csv"])]
    row: Annotated[_Count, Field(description="The header is row 1")] | None = None
    column: Annotated[str, Field(max_length=255, examples=["enabledUser"])] | None = None
    code: Annotated[str, Field(max_length=64, pattern="^[a-z0-9_]+$", examples=["bad_boolean"])]
    advice: Annotated[
        str, Field(max_length=500, description="For those who make the export, in the language that was asked for")
    ]


class RosterWarning(RosterFault):
    """Accepted, but worth a look; the row is the first of `count`."""

    count: _Count


class RosterReportAnswer(Answer):
    """What was done, or after a dry run what would be. With errors nothing was written."""

    created: RosterCounts
    updated: RosterCounts
    ended: RosterCounts
    leaving: Annotated[RosterCounts, Field(description="Missing; their access ends after `roster.grace_days`")]
    unchanged: RosterCounts
    by_school: Annotated[
        list[RosterSchool], Field(max_length=_MOST_SCHOOLS, description="Where something changes, most first")
    ]
    warnings: Annotated[list[RosterWarning], Field(max_length=_MOST_WARNINGS)]
    errors: Annotated[list[RosterFault], Field(max_length=100)]
    errors_total: Annotated[_Count, Field(description="There may be more than are listed")]

    @classmethod
    def of(cls, report: Mapping[str, Any], words: Translator) -> "RosterReportAnswer":
        found = {
            "by_school": report.get("by_school", [])[:_MOST_SCHOOLS],
            "warnings": [_found(one, words) for one in report["warnings"][:_MOST_WARNINGS]],
            "errors": [_found(one, words) for one in report["errors"]],
        }
        nobody = {"leaving": counts()}  # of reports that were made before there were days of grace
        return cls.model_validate({**nobody, **report, **found})


class RosterUploadItem(Answer):
    id: UUID
    uploaded_at: Moment
    uploaded_by: Annotated[UUID, Field(description="The account of the member of staff")] | None = None
    finished_at: (
        Annotated[
            Moment, Field(description="Missing while it runs; for good where its process was lost, which wrote nothing")
        ]
        | None
    ) = None
    dry_run: bool
    outcome: Literal["imported", "unchanged", "refused", "dry_run", "failed"] | None = None


class RosterUploadAnswer(RosterUploadItem):
    report: RosterReportAnswer | None = None

    @classmethod
    def of(cls, upload: Upload, words: Translator) -> "RosterUploadAnswer":
        report = RosterReportAnswer.of(upload.report, words) if upload.report else None
        return cls.model_validate({**vars(upload), "report": report})


class RosterUploadList(Answer):
    items: Annotated[list[RosterUploadItem], Field(max_length=100, description="Newest first")]
    next_cursor: NextCursor | None = None

    @classmethod
    def of(cls, page: Page[Upload, MomentPosition]) -> "RosterUploadList":
        items = [RosterUploadItem.model_validate(one) for one in page.items]
        return cls(items=items, next_cursor=BY_MOMENT.write(page.end))


def _found(one: Mapping[str, Any], words: Translator) -> dict[str, Any]:
    """Names of files and columns are the package's own words, of any length."""
    column = one["column"] and one["column"][:255]
    return {**one, "file": one["file"][:255], "column": column, "advice": words.text(ADVICE.get(one["code"], ""))}
