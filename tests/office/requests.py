"""One complete, valid request for every operation of the office, and something in a district for it to work on."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4
from zipfile import ZipFile

import httpx
from sqlalchemy import select

from app.models import (
    Account,
    ActivationKey,
    Announcement,
    Household,
    HouseholdMember,
    HouseholdRequest,
    KeyBatch,
    KeyRequest,
    RosterUpload,
    SupportTicket,
)
from app.portals import Portal
from app.services.clerk import StaffRole
from app.services.office.sso_desk import ProviderSettings
from app.services.outbox import MailKind, promise
from app.services.sso.providers import Identifier, PortalMatch
from tests.office.counter import relationship_of
from tests.support.desk import give_role
from tests.support.office import Office
from tests.support.portal import User

SPECIFICATION = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text())


@dataclass(frozen=True)
class Operation:
    """What the specification says of one."""

    id: str
    method: str
    path: str
    roles: frozenset[str]
    step_up: bool
    success: int

    def __str__(self) -> str:
        return self.id


def operations() -> list[Operation]:
    """Those that are tagged "Office"; one that does not say for whom it is, is for nobody."""
    return [
        Operation(
            told["operationId"],
            method.upper(),
            path,
            frozenset(told.get("x-staff-roles", ())),
            bool(told.get("x-step-up")),
            min(int(status) for status in told["responses"]),
        )
        for path, methods in SPECIFICATION["paths"].items()
        for method, told in methods.items()
        if "Office" in told["tags"]
    ]


@dataclass(frozen=True)
class Family:
    """What one round of requests is about: a parent with an account, and one row of everything that the office works on."""

    office: Office
    number: int
    school: UUID
    parent: User
    child: UUID
    leaver: UUID
    """The account of somebody who wants it no longer."""
    without_key: UUID
    """The other parent."""
    colleague: UUID
    newcomer: UUID
    """Works at the school, and not yet in the office."""
    relationship: str
    key: str
    batch: UUID
    roster: UUID
    announcement: UUID
    key_request: UUID
    ticket: UUID
    homes: Sequence[UUID]
    corrections: Sequence[UUID]
    """Of the last two homes."""

    @property
    def account(self) -> str:
        return str(self.parent.session["account"]["id"])

    @property
    def marks(self) -> list[str]:
        """No answer to somebody from outside holds one of them."""
        ids = (
            self.leaver,
            self.school,
            self.parent.person_id,
            self.child,
            self.without_key,
            self.colleague,
            self.newcomer,
        )
        rows = (self.relationship, self.key, self.batch, self.roster, self.announcement, self.account)
        asked = (self.key_request, self.ticket, *self.homes, *self.corrections)
        return [*map(str, (*ids, *rows, *asked)), self.parent.username, PHONE]


PHONE = "404-555-0100"


async def family(office: Office, number: int, school: UUID) -> Family:
    child = await office.student(f"Ana Fam{number}", number=f"n{number}", school=school)
    parent = await office.user(await office.guardian(f"Maria Fam{number}", [child]), Portal.PARENT)
    assert (await parent.activate()).status_code == 201
    without_key = await office.guardian(f"Mel Fam{number}", [child])
    colleague, newcomer = [await office.staff_member(f"{name} Fam{number}") for name in ("Cole", "Nora")]
    await give_role(office, colleague, StaffRole.HELP_DESK)
    await office.key_for(child, Portal.STUDENT)
    await _provider(office, number)
    return Family(
        office,
        number,
        school,
        parent,
        child,
        await _leaver(office, number, child),
        without_key,
        colleague,
        newcomer,
        await relationship_of(office, parent.person_id, child),
        await live_key_of(office, child),
        *await _rows(office, parent, school),
        *await _asked(office, child, f"n{number}"),
        *await _homes(office, parent, child),
    )


async def _provider(office: Office, number: int) -> None:
    """One that nobody reaches."""
    portals = [PortalMatch(Portal.STUDENT, "sub", Identifier.SOURCED_ID)]
    settings = ProviderSettings("Nowhere", f"http://127.0.0.1:9/{number}", "campus", portals)
    await office.campus.sso_desk.put(office.operator, f"kept{number}", settings)


async def _leaver(office: Office, number: int, child: UUID) -> UUID:
    name = f"lou{number}2026"
    account = Account(
        id=uuid4(),
        district_id=office.district,
        person_id=await office.guardian(f"Lou Fam{number}", [child]),
        portal=Portal.PARENT.value,
        username=name,
        username_folded=name,
        created_at=office.campus.clock.now(),
    )
    async with office.campus.database.transaction() as session:
        session.add(account)
    return account.id


async def live_key_of(office: Office, person: UUID) -> str:
    """The id of the person's only live key."""
    is_live = (ActivationKey.used_at.is_(None), ActivationKey.revoked_at.is_(None))
    async with office.campus.database.reading() as connection:
        return str(await connection.scalar(select(ActivationKey.id).where(ActivationKey.person_id == person, *is_live)))


async def _rows(office: Office, parent: User, school: UUID) -> tuple[UUID, UUID, UUID]:
    """A batch, an uploaded roster and an announcement; and a mail to the parent."""
    now, district = office.campus.clock.now(), office.district
    numbers = dict.fromkeys(("issued", "remaining", "without_address", "limited"), 0)
    kind = {"portal": "parent", "channel": "letter", "school_id": school}
    batch = KeyBatch(id=uuid4(), district_id=district, issued_at=now, **kind, **numbers)
    roster = RosterUpload(id=uuid4(), district_id=district, uploaded_at=now, finished_at=now, dry_run=True)
    roster.outcome, roster.report = "failed", {}
    words = {"title": "Welcome", "body": "School begins.", "published_on": date(2026, 8, 3)}
    announcement = Announcement(id=uuid4(), district_id=district, **words)
    account = UUID(parent.session["account"]["id"])
    async with office.campus.database.transaction() as session:
        session.add_all((batch, roster, announcement))
        promise(session, MailKind.PASSWORD_CHANGED, district_id=district, now=now, account_id=account)
    return batch.id, roster.id, announcement.id


async def _asked(office: Office, student: UUID, number: str) -> tuple[UUID, UUID]:
    """A request for a key and a ticket, both about the student."""
    now, district = office.campus.clock.now(), office.district
    request = KeyRequest(id=uuid4(), district_id=district, student_id=student, requested_at=now, state="waiting")
    ticket = SupportTicket(id=uuid4(), district_id=district, created_at=now, state="open", reference=uuid4().hex[:12])
    ticket.category, ticket.student_number, ticket.email = "other", number, "maria@home.example"
    ticket.first_name, ticket.last_name = "Maria", "Fam"
    async with office.campus.database.transaction() as session:
        session.add_all((request, ticket))
    return request.id, ticket.id


async def _homes(office: Office, parent: User, student: UUID) -> tuple[list[UUID], list[UUID]]:
    """Three households of the two; in two of them the parent would have something corrected."""
    now, common, account = (
        office.campus.clock.now(),
        {"district_id": office.district},
        UUID(parent.session["account"]["id"]),
    )
    homes = [Household(id=uuid4(), **common, facts={"phones": ["404-555-0101"]}, changed_at=now) for _ in range(3)]
    requests = [
        HouseholdRequest(id=uuid4(), **common, household_id=home.id, account_id=account, asked_at=now, state="waiting")
        for home in homes[1:]
    ]
    async with office.campus.database.transaction() as session:
        session.add_all(homes)
        await session.flush()
        for request in requests:
            request.person_id, request.facts = parent.person_id, {"phones": ["404-555-0102"]}
        people = (parent.person_id, student)
        session.add_all(HouseholdMember(household_id=home.id, person_id=who) for home in homes for who in people)
        session.add_all(requests)
    return [home.id for home in homes], [request.id for request in requests]


@dataclass(frozen=True)
class Request:
    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    shows: str = ""
    """What the answer holds that nobody from outside may see."""
    names: bool = True
    """Whether it names something; a request that does not is about the district of whoever asks."""

    async def send(self, operation: Operation, who: User | None, http: httpx.AsyncClient) -> httpx.Response:
        """By somebody with the token that his app has, or by nobody."""
        token = {"Authorization": f"Bearer {who.session['access_token']}"} if who else {}
        options: dict[str, Any] = {"params": self.query, "headers": {**token, **self.headers}}
        if self.body is not None:
            options["json"] = self.body
        if self.content is not None:
            options["content"] = self.content
        path = operation.path.format(**{name: quote(str(value), safe="") for name, value in self.path.items()})
        return await http.request(operation.method, path, **options)


IN_PERSON = {"channel": "in_person", "photo_id_checked": True}
ZIP = {"Content-Type": "application/zip"}


def small_zip() -> bytes:
    """A package without a manifest: it is looked at, and nothing of it is written."""
    content = BytesIO()
    with ZipFile(content, "w") as package:
        package.writestr("users.csv", "sourcedId\n")
    return content.getvalue()


def _account(family: Family) -> dict[str, object]:
    return {"account_id": family.account}


def _staff(family: Family) -> dict[str, object]:
    return {"person_id": family.colleague}


def _once(family: Family) -> dict[str, str]:
    return {"Idempotency-Key": f"round-{family.number}-{family.account}"}


REQUESTS: Mapping[str, Callable[[Family], Request]] = {
    "searchAccounts": lambda its: Request(query={"q": its.parent.username, "portal": "parent"}, shows=its.account),
    "getAccount": lambda its: Request(_account(its), shows=its.account),
    "eraseAccount": lambda its: Request({"account_id": its.leaver}),
    "unlockAccount": lambda its: Request(_account(its)),
    "disableAccount": lambda its: Request(_account(its)),
    "enableAccount": lambda its: Request(_account(its)),
    "resetAccount": lambda its: Request(_account(its), body={"method": "key", **IN_PERSON}),
    "searchPeople": lambda its: Request(
        query={"q": f"fam{its.number}", "kind": "guardian"}, shows=str(its.without_key)
    ),
    "getPerson": lambda its: Request({"person_id": its.child}, shows=str(its.child)),
    "searchRelationships": lambda its: Request(query={"person_id": its.child}, shows=its.relationship),
    "changeRelationship": lambda its: Request({"relationship_id": its.relationship}, body={"portal": False}),
    "issueActivationKeyBatch": lambda its: Request(
        body={"channel": "letter", "portal": "student", "school_id": str(its.school)}, headers=_once(its)
    ),
    "listActivationKeyBatches": lambda its: Request(shows=str(its.batch), names=False),
    "revokeActivationKeyBatch": lambda its: Request({"batch_id": its.batch}),
    "printActivationKeyLetters": lambda its: Request(body={"portal": "student"}, headers=_once(its), names=False),
    "issueActivationKey": lambda its: Request(
        body={"person_id": str(its.without_key), "portal": "parent", **IN_PERSON}
    ),
    "listActivationKeys": lambda its: Request(query={"person_id": its.child, "state": "live"}, shows=its.key),
    "revokeActivationKey": lambda its: Request({"key_id": its.key}),
    "listKeyRequests": lambda its: Request(query={"state": "waiting"}, shows=str(its.key_request), names=False),
    "closeKeyRequest": lambda its: Request({"request_id": its.key_request}, body={"outcome": "handled"}),
    "listHouseholds": lambda its: Request(query={"person_id": its.child}, shows=str(its.homes[0])),
    "addHousehold": lambda its: Request(body={"phones": ["404-555-0103"], "member_ids": [str(its.child)]}),
    "changeHousehold": lambda its: Request(
        {"household_id": its.homes[0]}, body={"member_ids": [str(its.child)]}, headers={"If-Match": "*"}
    ),
    "listHouseholdRequests": lambda its: Request(
        query={"state": "waiting"}, shows=str(its.corrections[0]), names=False
    ),
    "acceptHouseholdRequest": lambda its: Request({"request_id": its.corrections[0]}, body={"household_version": 1}),
    "declineHouseholdRequest": lambda its: Request({"request_id": its.corrections[1]}, body={"reason": "unclear"}),
    "listStaff": lambda its: Request(shows=str(its.colleague), names=False),
    "addStaff": lambda its: Request(
        body={
            "person_id": str(its.newcomer),
            "username": f"nora{its.number}2026",
            "role": "help_desk",
            "school_ids": [str(its.school)],
            **IN_PERSON,
        }
    ),
    "getStaff": lambda its: Request(_staff(its), shows=str(its.colleague)),
    "changeStaff": lambda its: Request(_staff(its), body={"school_ids": [str(its.school)]}),
    "removeStaff": lambda its: Request(_staff(its)),
    "getDistrictSettings": lambda _: Request(shows=PHONE, names=False),
    "changeDistrictSettings": lambda its: Request(
        body={"support": {"url": f"https://help{its.number}.example.org"}}, headers={"If-Match": "*"}, names=False
    ),
    "listSsoProviders": lambda its: Request(shows=f"kept{its.number}", names=False),
    "putSsoProvider": lambda its: Request(
        {"provider": "new"},
        body={
            "label": "Google",
            "issuer": "https://accounts.example.org",
            "client_id": f"campus{its.number}",
            "client_secret": "a-secret-of-the-provider",
            "portals": [{"portal": "parent", "claim": "email", "identifier": "email"}],
        },
        names=False,
    ),
    "removeSsoProvider": lambda _: Request({"provider": "new"}, names=False),
    "checkSsoProvider": lambda its: Request({"provider": f"kept{its.number}"}),
    "listSchools": lambda its: Request(shows=str(its.school), names=False),
    "getSchoolAreas": lambda its: Request({"school_id": its.school}),
    "changeSchoolAreas": lambda its: Request(
        {"school_id": its.school},
        body={"off": {"parent": ["fees"]}, "closures": [{"closes_on": f"2027-03-0{its.number + 1}"}]},
        headers={"If-Match": "*"},
    ),
    "listAnnouncements": lambda its: Request(shows=str(its.announcement), names=False),
    "publishAnnouncement": lambda _: Request(body={"title": "Closed", "body": "No school on Monday."}, names=False),
    "changeAnnouncement": lambda its: Request(
        {"announcement_id": its.announcement}, body={"title": "Welcome back", "body": "School begins on Tuesday."}
    ),
    "removeAnnouncement": lambda its: Request({"announcement_id": its.announcement}),
    "uploadRoster": lambda _: Request(query={"dry_run": True}, content=small_zip(), headers=ZIP, names=False),
    "listRosters": lambda its: Request(shows=str(its.roster), names=False),
    "getRoster": lambda its: Request({"roster_id": its.roster}, shows=str(its.roster)),
    "listSupportTickets": lambda its: Request(query={"state": "open"}, shows=str(its.ticket), names=False),
    "getSupportTicket": lambda its: Request({"ticket_id": its.ticket}, shows=str(its.ticket)),
    "resolveSupportTicket": lambda its: Request({"ticket_id": its.ticket}, body={"remedy": "answered"}),
    "listOutbox": lambda its: Request(query={"account_id": its.account}, shows=its.account),
    "listAuditEvents": lambda its: Request(query={"person_id": its.parent.person_id}, shows=its.account),
    "exportAuditEvents": lambda its: Request(query={"account_id": its.account}, shows=its.account),
}
"""By operation id, for a family that the requests before (in the order of the specification) have left in this state."""
