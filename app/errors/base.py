"""What every refusal has: a stable code, an HTTP status, and words that are safe to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One fault of one field: a stable code, a sentence for people, and the numbers that an app needs to say it itself.

    `detail` is a template, marked with `msg`: `{min}` stands for `params["min"]`, so that it can be translated whole.
    """

    pointer: str
    code: str
    detail: str
    params: Mapping[str, object] = field(default_factory=dict)


class CampusError(Exception):
    """A refusal with a stable `code`, an HTTP `status`, and words that are safe to show to a parent.

    `title`, `detail` and `remedy` are English here and translated when they are shown; a `detail` given to one refusal stays as it is.
    `remedy` is the sentence of /problems that says what to do; `next_step` is its machine-readable short form.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    detail: str
    remedy: ClassVar[str]
    next_step: str | None = None
    retry_after: int | None = None

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    @property
    def errors(self) -> Sequence[FieldError]:
        return ()

    @property
    def extra(self) -> Mapping[str, object]:
        """Members of the problem that only this kind of refusal has."""
        return {}

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
