"""A family that never got the letter asks for a key: what it has to type, and where the key goes."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.clock import ManualClock
from app.mail.senders import MemorySender
from app.models import Person
from app.portals import Portal
from app.settings import Settings
from tests.claiming.families import (
    BORN,
    DIGITS,
    HOME,
    NUMBER,
    Family,
    accept_requests,
    greeted,
    know,
    look_into,
    states,
)
from tests.office.keys import give_address, live
from tests.office.test_key_mails import key_in
from tests.office.trail import written
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, faults, refused
from tests.support.recovery import Post, posting

WIDE = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
"""As keyboards of East Asia type digits."""
NOT_MATCHED = (404, "key_request_not_matched")
NAMES = {"guardian_first_name": "Maria", "guardian_last_name": "Lopez"}


@pytest.fixture
async def family(office: Office) -> Family:
    await accept_requests(office)
    return await Family.at(office, "Maria Lopez", "Juan Lopez")


async def test_each_guardian_without_an_account_gets_a_key_at_the_rosters_address(family: Family, post: Post) -> None:
    answer = await family.ask()
    assert answer.status_code == 202
    assert "office" in answer.json()["detail"]
    mails = await post.deliver()
    assert {mail.to for mail in mails} == {HOME}
    assert greeted(mails) == ["Juan", "Maria"]
    (hers,) = [mail for mail in mails if greeted([mail]) == ["Maria"]]
    maria = family.office.visitor(family.guardians[0], key_in(hers))
    assert (await maria.activate()).status_code == 201
    assert await maria.students() == ["Ana"]
    await family.ask()
    assert greeted(await post.deliver()) == ["Juan"], "she has an account now"
    assert await states(family.office) == ["mailed", "mailed"]


@pytest.mark.parametrize("number", ["123456", " 0123 456 ", "012-3456", "00000123456", NUMBER.translate(WIDE)])
@sqlite_only
async def test_a_number_may_be_typed_as_people_type_it(family: Family, post: Post, number: str) -> None:
    assert (await family.ask(student_number=number)).status_code == 202
    assert len(await post.deliver()) == 2


@sqlite_only
async def test_nothing_comes_where_a_fact_is_wrong(family: Family, post: Post) -> None:
    """Nor where the student has left, or two have the same number."""
    office = family.office
    wrong = [{"student_number": "0123457"}, {"ssn_last4": "4072"}, {"student_number": "000"}]
    for facts in wrong:
        assert (await family.ask(**facts)).status_code == 202
    await office.end(await left(office, "777"))
    await left(office, "0888")
    await left(office, "888")
    for number in ("777", "888"):
        assert (await family.ask(student_number=number)).status_code == 202
    assert await post.deliver() == []
    assert await states(office) == ["nobody"] * 5


async def left(office: Office, number: str) -> UUID:
    """A student with a guardian and an address, of whom a story tells what happened."""
    return (await Family.at(office, "Pat Stone", student="Sam Stone", number=number)).student


@sqlite_only
async def test_the_district_says_which_facts_it_asks(family: Family, server: Server, post: Post) -> None:
    office = family.office
    screen = await server.http.get("/districts/jackson")
    assert screen.json()["key_request"] == {"fields": ["ssn_last4"], "delivery": "email"}
    assert faults(await family.asking(student_number=NUMBER).ask()) == {("/ssn_last4", "missing"): {}}
    await office.set("key_request.fields=birth_date,guardian_last_name")
    again = await server.http.get("/districts/jackson", headers={"If-None-Match": screen.headers["etag"]})
    assert again.json()["key_request"]["fields"] == ["birth_date", "guardian_last_name"]
    assert set(faults(await family.ask())) == {("/birth_date", "missing"), ("/guardian_last_name", "missing")}
    named = family.asking(student_number=NUMBER, birth_date=BORN.isoformat(), guardian_last_name="LÓPEZ")
    for changes in ({"guardian_last_name": "Stone"}, {"birth_date": "2014-05-07"}):
        assert (await named.ask(**changes)).status_code == 202
        assert await post.deliver() == []
    assert (await named.ask(ssn_last4="0000")).status_code == 202, "a fact that is not asked does not count"
    assert len(await post.deliver()) == 2
    await office.set("key_request.delivery=display")
    screen = await server.http.get("/districts/jackson")
    assert screen.json()["key_request"] == {
        "fields": ["birth_date", "guardian_last_name", "guardian_first_name"],
        "delivery": "display",
    }


@pytest.mark.parametrize(
    "typed",
    [
        "123-45-6789",
        "123456789",
        "123 45 6789",
        "123.45.6789",
        "123\u201345\u20136789",
        "123456789".translate(WIDE),
        "5-6789",
    ],
)
@sqlite_only
async def test_more_than_four_digits_of_an_ssn_are_refused_whether_or_not_they_are_asked(
    family: Family, typed: str
) -> None:
    only: dict[tuple[str, str], dict[str, object]] = {("/ssn_last4", "ssn_last4_only"): {}}
    assert faults(await family.ask(ssn_last4=typed)) == only
    await family.office.set("key_request.fields=birth_date")
    assert faults(await family.ask(ssn_last4=typed, birth_date=BORN.isoformat())) == only
    assert await states(family.office) == []


@sqlite_only
async def test_four_digits_are_four_digits(family: Family, post: Post) -> None:
    for typed in ("407", "abcd", "40 71", "٤٠٧١"):
        assert faults(await family.ask(ssn_last4=typed)) == {("/ssn_last4", "ssn_last4_digits"): {}}
    assert (await family.ask(ssn_last4=f" {DIGITS} ")).status_code == 202
    assert len(await post.deliver()) == 2


@sqlite_only
async def test_what_is_switched_off_is_off(family: Family) -> None:
    for switch in ("features.key_request", "features.activation"):
        await family.office.set(f"{switch}=false")
        assert refused(await family.ask()) == (403, "feature_disabled")
        await family.office.set(f"{switch}=true")
    await family.office.set("portals=student")
    assert refused(await family.ask()) == (403, "feature_disabled")
    await family.office.set("portals=", "maintenance_until=2030-01-01T00:00:00Z")
    assert refused(await family.ask()) == (503, "maintenance")


async def test_on_the_screen_the_named_guardian_gets_a_key_that_opens(office: Office, post: Post) -> None:
    await accept_requests(office, "key_request.delivery=display")
    family = await Family.at(office, "Maria Lopez", "Juan Lopez")
    answer = await family.ask(guardian_first_name=" MARÍA", guardian_last_name="lopez")
    assert (answer.status_code, sorted(answer.json())) == (200, ["activation_key", "expires_at"])
    assert answer.headers["cache-control"] == "no-store"
    maria = office.visitor(family.guardians[0], answer.json()["activation_key"])
    assert (await maria.activate()).status_code == 201
    assert await states(office) == ["displayed"]
    (issued,) = await written(office, "api:key:issued")
    assert (issued.actor, issued.person_id) == ("anonymous", family.guardians[0])
    assert await post.deliver() == []


@sqlite_only
async def test_on_the_screen_nobody_gets_a_key_for_an_account_that_there_is(office: Office) -> None:
    """Nor a guardian without the portal flag, nor one of two who have the same name."""
    await accept_requests(office, "key_request.delivery=display")
    family = await Family.at(office, "Maria Lopez", "Juan Lopez", "Juan Lopez")
    maria = await office.user(family.guardians[0], Portal.PARENT)
    assert (await maria.activate()).status_code == 201
    rosa = await office.guardian("Rosa Diaz", [])
    await office.relate(rosa, family.student, portal=False)
    for first, last in (("Maria", "Lopez"), ("Juan", "Lopez"), ("Rosa", "Diaz"), ("Otto", "Young")):
        assert refused(await family.ask(guardian_first_name=first, guardian_last_name=last)) == NOT_MATCHED
    assert faults(await family.ask()) == {(f"/{name}", "missing"): {} for name in NAMES}
    assert [await live(office, guardian) for guardian in family.guardians] == [0, 0, 0]
    assert (await written(office, "api:key:issued"), await states(office)) == ([], [])
    assert (await maria.me()).status_code == 200


@sqlite_only
async def test_equal_digits_of_two_students_open_their_own_doors_only(family: Family, server: Server) -> None:
    """Each digest is bound to its district and its student."""
    office = family.office
    ben = await office.student("Ben Lopez", number="222")
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    far = await wake.student("Ana Lopez", number=NUMBER)
    for place, student in ((office, ben), (wake, far)):
        await know(place, student)
    stored = await digests_of(office)
    assert len(stored) == len(set(stored)) == 3


@sqlite_only
async def test_the_digits_of_a_roster_still_fit_when_the_secret_keys_have_rotated(
    settings: Settings, clock: ManualClock
) -> None:
    async with posting(settings, clock) as server:
        office = await Office.open(server)
        await accept_requests(office)
        family = await Family.at(office, "Maria Lopez")
    rotated = settings.model_copy(update={"secret_keys": (SecretStr("a-newer-key-" * 4), *settings.secret_keys)})
    sender = MemorySender()
    async with posting(rotated, clock, sender) as server:
        again = replace(family, office=Office(server, office.district), http=server.http)
        assert (await again.ask()).status_code == 202
        assert (await again.ask(ssn_last4="4072")).status_code == 202
        assert len(await Post(server, sender.messages).deliver()) == 1


async def digests_of(office: Office) -> list[str]:
    async with office.campus.database.reading() as connection:
        return [digest for digest in await connection.scalars(select(Person.ssn_last4_digest)) if digest]


@sqlite_only
async def test_a_familys_address_gets_five_mails_a_day_and_then_the_office_helps(
    office: Office, post: Post, clock: ManualClock
) -> None:
    await accept_requests(office)
    family = await Family.at(office, "Maria Lopez")
    for _ in range(8):
        assert (await family.ask()).status_code == 202
        await look_into(office)
    mails = await post.deliver()
    assert len(mails) + (await post.outcomes())["superseded"] == 5
    assert await states(office) == ["mailed"] * 5 + ["waiting"], "one request is enough for the office"
    clock.advance(timedelta(days=1))
    await family.ask()
    assert len(await post.deliver()) == 1


@sqlite_only
async def test_requests_are_forgotten_nobodys_after_a_day_others_after_a_school_year(
    family: Family, post: Post, clock: ManualClock
) -> None:
    office = family.office
    await give_address(office, None, *family.guardians)
    await family.ask()
    await family.ask(ssn_last4="0000")
    await post.deliver()
    pruning = office.campus.pruning
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    await pruning.prune()
    assert await states(office) == ["nobody", "waiting"]
    clock.advance(timedelta(seconds=1))
    await pruning.prune()
    assert await states(office) == ["waiting"]
    clock.advance(timedelta(days=399))
    await pruning.prune()
    assert await states(office) == []
