"""Who may what in the office: every operation of the specification, asked for by everybody. Who may not, changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from app.clock import ManualClock
from app.models import Base, District, SignInSession
from app.portals import Portal
from app.security.access_tokens import LIFETIME
from app.services.clerk import StaffRole
from app.services.outbox import MailKind, promise
from tests.office.requests import (
    IN_PERSON,
    PHONE,
    REQUESTS,
    Family,
    Operation,
    Request,
    family,
    live_key_of,
    operations,
)
from tests.support.desk import at_desk, give_role, pass_second_factor
from tests.support.office import Office
from tests.support.portal import Server, User, refused

ADMIN, HELP = StaffRole.DISTRICT_ADMIN, StaffRole.HELP_DESK
NOBODY, FORBIDDEN, GONE = (401, "not_authenticated"), (403, "forbidden"), (404, "not_found")
NO_TOTP, NO_STEP_UP, ENDED = (403, "totp_required"), (401, "step_up_required"), (401, "invalid_token")
HELP_DESK_TOO = {
    *("searchAccounts", "getAccount", "unlockAccount", "disableAccount", "enableAccount", "resetAccount"),
    *("searchPeople", "getPerson", "searchRelationships", "listOutbox"),
    *("issueActivationKey", "listActivationKeys", "revokeActivationKey", "listKeyRequests", "closeKeyRequest"),
    *("listSupportTickets", "getSupportTicket", "resolveSupportTicket"),
    *("listSchools", "getSchoolAreas", "listHouseholds"),
    *("listHouseholdRequests", "acceptHouseholdRequest", "declineHouseholdRequest"),
}
AFTER_STEP_UP = {
    *("resetAccount", "eraseAccount", "issueActivationKey", "issueActivationKeyBatch", "printActivationKeyLetters"),
    *("addStaff", "changeStaff", "removeStaff", "uploadRoster", "exportAuditEvents"),
    *("putSsoProvider", "removeSsoProvider"),
}
OPERATIONS = operations()

Outcome = int | tuple[int, str]


@dataclass(frozen=True)
class Asker:
    """Somebody who asks for everything."""

    who: User | None
    refusal: tuple[int, str] | None = None
    """What he is told whatever he asks for."""
    role: StaffRole | None = None
    has_totp: bool = True
    has_stepped_up: bool = True
    is_outside: bool = False
    """Whether what the requests name is of another part of the district, or of another district."""
    leaves: Sequence[str] = ()
    """Tables without a district in which his own district's work leaves rows."""

    def may_expect(self, operation: Operation, *, names: bool) -> Outcome:
        """Read off the specification."""
        if self.refusal:
            return self.refusal
        if self.role not in operation.roles:
            return FORBIDDEN
        if not self.has_totp:
            return NO_TOTP
        if operation.step_up and not self.has_stepped_up:
            return NO_STEP_UP
        is_list = operation.method == "GET" and "{" not in operation.path
        return GONE if self.is_outside and names and not is_list else operation.success


@dataclass(frozen=True)
class Story:
    """Two districts; in the first a school with a family, about which everybody asks, and another school."""

    office: Office
    school: UUID
    other_school: UUID
    other_office: Office
    target: Family

    @property
    def server(self) -> Server:
        return self.office.server


@pytest.fixture
async def story(office: Office, server: Server) -> Story:
    await office.set(f"support.phone={PHONE}")
    school, other_school = [await office.school(name) for name in ("Jefferson High", "East Middle")]
    hall = await Office.open(server, "hall", "Hall County Schools")
    return Story(office, school, other_school, hall, await family(office, 0, school))


def test_every_operation_of_the_office_is_asked_for_and_says_for_whom_it_is() -> None:
    assert list(REQUESTS) == [operation.id for operation in OPERATIONS]
    told = {operation.id: (operation.roles, operation.step_up) for operation in OPERATIONS}
    assert told == {
        name: (frozenset({ADMIN, HELP} if name in HELP_DESK_TOO else {ADMIN}), name in AFTER_STEP_UP)
        for name in REQUESTS
    }


async def test_whoever_has_no_business_there_is_refused_and_changes_nothing(story: Story, clock: ManualClock) -> None:
    askers = {
        "nobody": Asker(None, NOBODY),
        "a parent": Asker(await visitor(story, Portal.PARENT), FORBIDDEN),
        "a student": Asker(await visitor(story, Portal.STUDENT), FORBIDDEN),
        "a teacher": Asker(await teacher(story.office), FORBIDDEN),
        "an admin as a parent": Asker(await admin_as_a_parent(story), FORBIDDEN),
        "a switched-off admin": Asker(await switched_off(story.office), ENDED),
        "an admin after sign-out": Asker(await signed_out(story.office), ENDED),
        "an admin after twelve hours": Asker(await over(story.office, "expires_at"), ENDED),
        "an admin after an idle hour": Asker(await over(story.office, "idle_expires_at"), ENDED),
        "an admin without a second factor": Asker(await without_totp(story.office, ADMIN), role=ADMIN, has_totp=False),
        "a help desk without a second factor": Asker(await without_totp(story.office, HELP), role=HELP, has_totp=False),
        "a help desk of another school": Asker(
            await at_desk(story.office, HELP, name="Eve East", schools=[story.other_school]), role=HELP, is_outside=True
        ),
        "another district's admin": Asker(
            await at_desk(story.other_office), role=ADMIN, is_outside=True, leaves=["idempotency_keys"]
        ),
        "another district's help desk": Asker(
            await at_desk(story.other_office, HELP, name="Hal Help"), role=HELP, is_outside=True
        ),
    }
    before = await rows_of(story)
    for name, asker in askers.items():
        await asks_for_everything(story, name, asker)
        now = await rows_of(story)
        assert changed(before, now) == list(asker.leaves), name
        before = now
    late = Asker(await at_desk(story.office, name="Lea Late"), ENDED)
    clock.advance(LIFETIME)
    before = await rows_of(story)
    await asks_for_everything(story, "an admin with an old token", late)
    assert changed(before, await rows_of(story)) == []


async def test_whoever_may_passes_and_gets_what_he_asked_for(story: Story) -> None:
    """The two who have not stepped up are refused first where that is wanted."""
    askers = {
        "an admin": Asker(await at_desk(story.office, name="Ada Reed"), role=ADMIN),
        "an admin without a step-up": Asker(
            await at_desk(story.office, name="Abe Reed", stepped_up=False), role=ADMIN, has_stepped_up=False
        ),
        "a help desk": Asker(await at_desk(story.office, HELP, name="Hugo Park"), role=HELP),
        "a help desk without a step-up": Asker(
            await at_desk(story.office, HELP, name="Hope Park", stepped_up=False), role=HELP, has_stepped_up=False
        ),
        "a help desk of the school": Asker(
            await at_desk(story.office, HELP, name="Sid School", schools=[story.school]), role=HELP
        ),
    }
    for number, (name, asker) in enumerate(askers.items(), start=1):
        mine = await family(story.office, number, story.school)
        before = await rows_of(story)
        await asks_for_everything(story, name, asker, about=mine, only_refused=True)
        assert changed(before, await rows_of(story)) == [], name
        await asks_for_everything(story, name, asker, about=mine)


async def test_accounts_and_keys_of_colleagues_are_an_admins_business(story: Story) -> None:
    """To a help desk they are not there, whether or not it works for the whole district."""
    colleague = await at_desk(story.office, HELP, name="Cora Colleague")
    await story.office.key_for(colleague.person_id, Portal.STAFF)
    await writes_to(story, UUID(colleague.session["account"]["id"]))
    key = await live_key_of(story.office, colleague.person_id)
    theirs = replace(story.target, parent=colleague, child=colleague.person_id, key=key)
    requests = {
        "searchAccounts": Request(query={"q": colleague.username}),
        "issueActivationKey": Request(body={"person_id": str(colleague.person_id), "portal": "staff", **IN_PERSON}),
        "listActivationKeys": Request(query={"person_id": colleague.person_id}),
        **{name: REQUESTS[name](theirs) for name in ("listOutbox", "revokeActivationKey", *ON_ACCOUNTS)},
    }
    hugo, dana = await at_desk(story.office, HELP, name="Hugo Park"), await at_desk(story.office, name="Ada Reed")
    before = await rows_of(story)
    told = await outcomes(story, requests, hugo)
    assert changed(before, await rows_of(story)) == []
    lists = {"searchAccounts": 200, "listActivationKeys": 200, "listOutbox": 200}
    assert told.pop("issueActivationKey") in {GONE, FORBIDDEN}
    assert told == {**dict.fromkeys(told, GONE), **lists}
    for name in lists:
        shown = (await requests[name].send(BY_ID[name], hugo, story.server.http)).json()
        assert (shown["items"], shown.get("without_account", [])) == ([], []), name
    assert {status for status in (await outcomes(story, requests, dana)).values() if isinstance(status, tuple)} == {
        (409, "key_not_live")
    }, "the new key has taken its place"


async def test_a_mail_that_leads_to_nobody_is_the_business_of_its_own_districts_admin(story: Story) -> None:
    await writes_to(story, None)
    shown = [
        [mail for mail in (await who.ask("GET", "/admin/outbox")).json()["items"] if "account_id" not in mail]
        for who in (await at_desk(story.other_office), await at_desk(story.office))
    ]
    assert [len(mails) for mails in shown] == [0, 1]


async def writes_to(story: Story, account: UUID | None) -> None:
    """A mail of the first district's is on its way."""
    campus = story.office.campus
    async with campus.database.transaction() as session:
        now, district = campus.clock.now(), story.office.district
        promise(session, MailKind.PASSWORD_RESET, district_id=district, now=now, account_id=account)


ON_ACCOUNTS = ("getAccount", "unlockAccount", "disableAccount", "enableAccount", "resetAccount")
BY_ID = {operation.id: operation for operation in OPERATIONS}


async def outcomes(story: Story, requests: Mapping[str, Request], who: User) -> dict[str, Outcome]:
    answers = {name: await request.send(BY_ID[name], who, story.server.http) for name, request in requests.items()}
    return {name: answer.status_code if answer.is_success else refused(answer) for name, answer in answers.items()}


async def asks_for_everything(
    story: Story, name: str, asker: Asker, *, about: Family | None = None, only_refused: bool = False
) -> None:
    """Everything that the specification has, in its order."""
    target = about or story.target
    answered: dict[str, Outcome] = {}
    expected: dict[str, Outcome] = {}
    for operation in OPERATIONS:
        request = REQUESTS[operation.id](target)
        outcome = asker.may_expect(operation, names=request.names)
        if only_refused and outcome == operation.success:
            continue
        answer = await request.send(operation, asker.who, story.server.http)
        expected[operation.id] = outcome
        answered[operation.id] = answer.status_code if answer.is_success else refused(answer)
        if answer.is_success:
            look_at(answer, request, target, is_outside=asker.is_outside, told=f"{name}: {operation}")
    assert answered == expected, name


def look_at(answer: httpx.Response, request: Request, target: Family, *, is_outside: bool, told: str) -> None:
    """What comes back is what was meant; from outside it holds nothing of it, and a list that was asked for it is empty."""
    if not is_outside:
        assert request.shows in answer.text, told
        return
    assert not [mark for mark in target.marks if mark in answer.text], told
    if request.names and "json" in answer.headers["content-type"]:
        page = answer.json()
        assert (page["items"], page.get("without_account", []), "next_cursor" in page) == ([], [], False), told
    elif request.names:
        assert len(answer.text.splitlines()) == 1, told


# --- those who ask ------------------------------------------------------------------------------------------------


async def visitor(story: Story, portal: Portal) -> User:
    """A parent of the family's child, or another student of its school."""
    if portal is Portal.PARENT:
        person = await story.office.guardian("Pat Fam0", [story.target.child])
    else:
        person = await story.office.student("Stu Other", school=story.school)
    user = await story.office.user(person, portal)
    assert (await user.activate()).status_code == 201
    await pass_second_factor(user)
    return user


async def teacher(office: Office) -> User:
    """Staff of the roster without a part in the office, and with all factors."""
    user = await office.user(await office.staff_member("Theo Marsh"), Portal.STAFF)
    assert (await user.activate()).status_code == 201
    await pass_second_factor(user)
    return user


async def admin_as_a_parent(story: Story) -> User:
    """The very same person works in the office, and asks with the token of her parent's account."""
    person = await story.office.guardian("Dora Both", [await story.office.student("Kid Both")], is_staff=True)
    await give_role(story.office, person, ADMIN)
    user = await story.office.user(person, Portal.PARENT)
    assert (await user.activate()).status_code == 201
    await pass_second_factor(user)
    return user


async def without_totp(office: Office, role: StaffRole) -> User:
    person = await office.staff_member("Otto Onefactor")
    await give_role(office, person, role)
    user = await office.user(person, Portal.STAFF)
    assert (await user.activate()).status_code == 201
    assert (await user.ask("POST", "/me/step-up", json={"password": user.password})).status_code == 200
    return user


async def switched_off(office: Office) -> User:
    user = await at_desk(office, name="Oda Off")
    await office.disable(user)
    return user


async def signed_out(office: Office) -> User:
    user = await at_desk(office, name="Gus Gone")
    assert (await user.sign_out()).status_code == 204
    return user


async def over(office: Office, end: str) -> User:
    """Somebody whose session has reached its end, with an access token that would still be good."""
    user = await at_desk(office, name="Tess Tired")
    account = UUID(user.session["account"]["id"])
    ends_now = update(SignInSession).where(SignInSession.account_id == account).values({end: office.campus.clock.now()})
    async with office.campus.database.transaction() as session:
        await session.execute(ends_now)
    return user


# --- what there is in the first district --------------------------------------------------------------------------


async def rows_of(story: Story) -> Mapping[str, Sequence[Any]]:
    """Every row of every table, but for those of the other district, whose own admin may change it."""
    rows: dict[str, Sequence[Any]] = {}
    async with story.office.campus.database.reading() as connection:
        for table in Base.metadata.sorted_tables:
            query = table.select()
            if "district_id" in table.c:
                query = query.where(table.c.district_id == story.office.district)
            elif table is District.__table__:
                query = query.where(table.c.id == story.office.district)
            rows[table.name] = sorted(map(repr, await connection.execute(query)))
    return rows


def changed(before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]) -> list[str]:
    """The names of the tables that differ."""
    return [name for name in before if before[name] != after[name]]
