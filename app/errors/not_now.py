"""The same request may succeed later."""

from collections.abc import Mapping
from datetime import datetime

from app.errors.base import CampusError


class NotNow(CampusError):
    status = 503
    retry_after: int | None = 2


class Overloaded(NotNow):
    code = "overloaded"
    title = "The service is busy"
    detail = "The service is busy. Please try again in a moment."
    remedy = "Wait as long as Retry-After says, then repeat the request. Nothing was used up by the attempt."

    def __init__(self, retry_after: int | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after or self.retry_after


class Maintenance(NotNow):
    code = "maintenance"
    title = "The district is being maintained"
    detail = "The portal of this school district is being maintained. Please try again later."
    remedy = "Wait as long as Retry-After says; `status` of the district says until when."

    def __init__(self, until: datetime | None = None, *, now: datetime | None = None) -> None:
        super().__init__()
        if until and now:
            self.retry_after = max(1, int((until - now).total_seconds()))


class NotReady(NotNow):
    code = "not_ready"
    title = "This process cannot serve yet"
    detail = "This process cannot serve yet."
    remedy = "For operators: `checks` names the part that is missing."

    def __init__(self, checks: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.checks = dict(checks or {})

    @property
    def extra(self) -> Mapping[str, object]:
        return {"checks": self.checks}


class InternalError(NotNow):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"
    detail = "Something went wrong on our side. Please try again; if it happens again, tell the office the request id."
    remedy = "Repeat the request later. Give `request_id` to the operator, who finds the cause in the log."
    retry_after = None
