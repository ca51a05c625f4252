"""What stands before a route: declared beside it, enforced by `middleware/` and, for the office, by `routers/dependencies.py`.

Rate limits are declared in slowapi's words. Its own decorator and middlewares overlook included routers, answers of validation and a
lost Redis; so its `Limiter` only notes here what was declared, and leaves the endpoint as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from slowapi import Limiter
from slowapi.wrappers import Limit, LimitGroup

from app.services.clerk import StaffAccess, StaffRole
from app.services.guard import CaptchaRule
from app.settings import Settings

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Budget(StrEnum):
    """What is counted together; how much of it, the operator says (`CAMPUS_RATE_*`; contract, section 8)."""

    LOGIN = "login"
    ACTIVATE = "activate"
    RECOVERY = "recovery"
    PUBLIC = "public"
    SESSION = "session"
    DISTRICT = "district"
    EVERYONE = "everyone"


class Visitor(NamedTuple):
    """Who is counted: the names under which a request falls."""

    address: str
    session: str | None = None
    district: str | None = None


def by_address(visitor: Visitor) -> str:
    return visitor.address


def by_session(visitor: Visitor) -> str:
    """A request without a genuine token has no session, and counts for its address."""
    return visitor.session or visitor.address


def by_district(visitor: Visitor) -> str:
    """Empty where the request names none, which this limit then does not count."""
    return visitor.district or ""


def by_nobody(_: Visitor) -> str:
    """Everybody together."""
    return "all"


class _Declared(Limiter):
    def shared_limit(
        self,
        limit_value: str | Callable[..., str],
        scope: str | Callable[..., str],
        key_func: Callable[..., str] | None = None,
        *_: Any,
        **__: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        def note(endpoint: Endpoint) -> Endpoint:
            endpoint.__dict__["limits"] = (*endpoint.__dict__.get("limits", ()), (limit_value, scope, key_func))
            return endpoint

        return note


_declared = _Declared(key_func=by_address, enabled=False)


def limited(budget: Budget) -> Callable[[Endpoint], Endpoint]:
    """A minute's limit for one address, or for one session."""
    return _declared.shared_limit("{rate}/minute", budget, by_session if budget is Budget.SESSION else by_address)


def costly(budget: Budget) -> Callable[[Endpoint], Endpoint]:
    """The same where each request may cost a hash or a mail: so that one district's flood does not drown the others, and no flood everybody."""

    def note(endpoint: Endpoint) -> Endpoint:
        for declare in (
            limited(budget),
            _declared.shared_limit("{rate}/minute", Budget.DISTRICT, by_district),
            _declared.shared_limit("{rate}/minute", Budget.EVERYONE, by_nobody),
        ):
            endpoint = declare(endpoint)
        return endpoint

    return note


def limits_of(endpoint: object, settings: Settings) -> Iterator[Limit]:
    """What was declared, with the operator's numbers, the visitor's own limit first; `public` where nothing was."""
    declared = getattr(endpoint, "limits", (("{rate}/minute", Budget.PUBLIC, by_address),))
    for limit_value, scope, key_func in declared:
        rate = getattr(settings, f"rate_{scope}")
        yield from LimitGroup(
            limit_value.format(rate=rate), key_func, str(scope), False, None, None, None, 1, override_defaults=True
        )


def is_limited(endpoint: object) -> bool:
    return getattr(endpoint, "limits", True) != ()


def unlimited(endpoint: Endpoint) -> Endpoint:
    """For what an operator's own machines ask."""
    endpoint.__dict__["limits"] = ()
    return endpoint


def guarded(rule: CaptchaRule) -> Callable[[Endpoint], Endpoint]:
    """Asks for a CAPTCHA beyond the rule's thresholds; the endpoint gets an `Admission`."""

    def note(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["captcha_rule"] = rule
        return endpoint

    return note


def captcha_rule_of(endpoint: object) -> CaptchaRule | None:
    rule: CaptchaRule | None = getattr(endpoint, "captcha_rule", None)
    return rule


def for_staff(role: StaffRole, *, step_up: bool = False) -> Callable[[Endpoint], Endpoint]:
    """For the office: staff of at least this role whose session passed the second factor, with `step_up` in the last five minutes."""

    def note(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["staff_access"] = StaffAccess(role, step_up=step_up)
        return limited(Budget.SESSION)(endpoint)

    return note


def staff_access_of(endpoint: object) -> StaffAccess | None:
    access: StaffAccess | None = getattr(endpoint, "staff_access", None)
    return access


def for_every_version(endpoint: Endpoint) -> Endpoint:
    """Answers apps below the operator's hard floor, too: what they need to find out about it, and to leave in order."""
    endpoint.__dict__["every_version"] = True
    return endpoint


def serves_every_version(endpoint: object) -> bool:
    return getattr(endpoint, "every_version", False)


class Deprecation(NamedTuple):
    """An operation that is on its way out."""

    since: date
    gone_from: date | None

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 9745 and RFC 8594; the days begin at midnight UTC."""
        marked = {"Deprecation": f"@{int(_midnight(self.since).timestamp())}"}
        return (
            {**marked, "Sunset": format_datetime(_midnight(self.gone_from), usegmt=True)} if self.gone_from else marked
        )


def deprecated(*, since: date, gone_from: date | None = None) -> Callable[[Endpoint], Endpoint]:
    """Says so in every answer and in the specification. The endpoint works as before until somebody removes it."""

    def note(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["deprecation"] = Deprecation(since, gone_from)
        return endpoint

    return note


def deprecation_of(endpoint: object) -> Deprecation | None:
    deprecation: Deprecation | None = getattr(endpoint, "deprecation", None)
    return deprecation


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class FileTaken(NamedTuple):
    """What a route takes instead of JSON."""

    media_type: str
    setting: str
    """The name of the setting that says how many bytes it may have."""


def takes_file(media_type: str, setting: str) -> Callable[[Endpoint], Endpoint]:
    """The body is a file, as large as the operator's `setting` allows; the endpoint reads it as a stream."""

    def note(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["file_taken"] = FileTaken(media_type, setting)
        return endpoint

    return note


def file_taken_by(endpoint: object) -> FileTaken | None:
    taken: FileTaken | None = getattr(endpoint, "file_taken", None)
    return taken
