"""What a demo district is made of; `districts.py` has those that there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.portals import Portal
from app.services.clerk import StaffRole


@dataclass(frozen=True)
class Child:
    first_name: str
    number: str
    school: int
    """Which of the district's schools, counted from 0."""
    birth_date: str
    state_id: str = ""
    ssn_last4: str = ""
    """Only where the district asks for them."""
    hours_ago: int | None = None
    """How long ago a student was entered who came after the district's first roster; None for the others."""


@dataclass(frozen=True)
class Adult:
    first_name: str
    role: str = "parent"
    email: str = ""


@dataclass(frozen=True)
class Family:
    last_name: str
    adults: Sequence[Adult]
    children: Sequence[Child]


@dataclass(frozen=True)
class DemoLogin:
    """Somebody who has an account already, found by the sourced id that `roster_files.py` gives."""

    sourced_id: str
    portal: Portal
    username: str
    who: str
    email: str | None = None
    """A confirmed recovery address, so that forgetting can be tried."""


@dataclass(frozen=True)
class DemoStaff:
    """Somebody of the district's office, whose authenticator has the secret of the demo."""

    first_name: str
    last_name: str
    username: str
    role: StaffRole
    who: str


@dataclass(frozen=True)
class Home:
    """Where one adult lives with children; people by the sourced ids that `roster_files.py` gives."""

    adult: str
    children: Sequence[str]
    street: str
    postal_code: str
    phones: Sequence[str]
    emails: Sequence[str] = ()


@dataclass(frozen=True)
class Notice:
    published_on: date
    title: str
    body: str
    label: str
    url: str


@dataclass(frozen=True)
class DemoDistrict:
    id: str
    name: str
    state: str
    city: str
    timezone: str
    settings: Sequence[str]
    schools: Sequence[str]
    families: Sequence[Family]
    logins: Sequence[DemoLogin]
    staff: Sequence[DemoStaff] = ()
    notices: Sequence[Notice] = ()
    homes: Sequence[Home] = ()
    grading: int | None = None
    """At which of its schools grades are being given when the demo begins, counted from 0."""
    to_try: Sequence[str] = ()
    """What this district's document describes, and how to see it."""
