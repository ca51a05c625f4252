"""Asking the office for help."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.common import Answer, CaptchaText, DistrictId, Line, MailAddress, Request, no_control_characters
from app.services.support_tickets import TicketCategory, TicketRequest
from app.text import is_invisible

MESSAGE_MAX_LENGTH = 2_000
_BETWEEN = r"[\s./_\u2010-\u2015\u2212-]{1,3}"
_SSN = re.compile(
    rf"(?<!\d)(?:\d{{9}}|\d{{3}}{_BETWEEN}\d{{2}}{_BETWEEN}\d{{4}}|\d{{3}}{_BETWEEN}\d{{3}}{_BETWEEN}\d{{3}})(?!\d)"
)
_WRITTEN_SSN = re.compile(rf"(?<!\d)\d{{3}}{_BETWEEN}\d{{2}}{_BETWEEN}\d{{4}}(?!\d)")


def _no_ssn(text: str) -> str:
    return _without(_SSN, text)


def _no_written_ssn(text: str) -> str:
    """A student number may well have nine digits; it is not written like 123-45-6789."""
    return _without(_WRITTEN_SSN, text)


def _without(pattern: re.Pattern[str], text: str) -> str:
    if pattern.search("".join(c for c in text if not is_invisible(c))):
        raise PydanticCustomError("ssn_not_wanted", "looks like a social security number")
    return text


def _lines(text: str) -> str:
    """Line breaks are the only control characters, all of one kind."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    no_control_characters(text.replace("\n", ""))
    return text


Name = Annotated[Line, AfterValidator(_no_ssn)]
TicketNumber = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30),
    AfterValidator(no_control_characters),
    AfterValidator(_no_written_ssn),
    Field(description="The student's number, as on the report card", examples=["0123456"]),
]
Message = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MESSAGE_MAX_LENGTH),
    AfterValidator(_lines),
    AfterValidator(_no_ssn),
    Field(
        description="For the office, in one's own words. What looks like a social security number is refused (`ssn_not_wanted`)",
        examples=["We moved in June; the mails go to an address that we no longer have."],
    ),
]
Reference = Annotated[
    str, Field(max_length=20, description="To be read aloud: no look-alike letters", examples=["K7QF-2MXW"])
]


class SupportTicketBody(Request):
    district: DistrictId
    category: TicketCategory
    first_name: Name
    last_name: Name
    student_number: TicketNumber | None = None
    email: Annotated[MailAddress, Field(description="Where the mails about this ticket go, and nothing else")]
    message: Message | None = None
    captcha: CaptchaText | None = None

    def request(self) -> TicketRequest:
        return TicketRequest(
            self.category, self.first_name, self.last_name, self.email, self.student_number, self.message
        )


class TicketReceipt(Answer):
    """The same for everybody."""

    reference: Reference
