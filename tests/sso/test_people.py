"""Whom a token names: one person of the roster, by what the office chose, in a portal that is open to him."""

from uuid import UUID

from app.portals import Portal
from app.services.sso.providers import Identifier, PortalMatch, RequiredClaim
from tests.sso.lying_provider import LyingProvider
from tests.sso.people import Browser, name_in_roster, with_sso
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, refused

NOBODY = "person_not_found"


def by(identifier: Identifier, claim: str, portal: Portal = Portal.STUDENT) -> list[PortalMatch]:
    return [PortalMatch(portal, claim, identifier)]


async def told(browser: Browser, liar: LyingProvider, **claims: object) -> str:
    answer = await browser.finish(liar.sign_in(await browser.to_provider(), "somebody", **claims))
    return answer.get("error", "code")


async def test_each_identifier_of_the_roster_names_one_person(office: Office, liar: LyingProvider) -> None:
    ben = await office.student("Ben Lopez", number="0123456", state_id="1234567890")
    await name_in_roster(office, ben, sourced_id="sis-ben", email="Ben@Jackson.example.org")
    twin = await office.student("Eva Lopez", number="777", state_id="55")
    other = await office.student("Ada Lopez", number="777", state_id="56")
    await name_in_roster(office, twin, email="both@jackson.example.org")
    await name_in_roster(office, other, email="Both@jackson.example.org")
    browser = Browser(office.server, office.district)
    verified = {"email_verified": True}
    held: list[tuple[Identifier, list[tuple[dict[str, object], str]]]] = [
        (Identifier.SOURCED_ID, [({"id": "sis-ben"}, "code"), ({"id": "SIS-BEN"}, NOBODY), ({"id": ""}, NOBODY)]),
        (Identifier.STUDENT_NUMBER, [({"id": " 0123456 "}, "code"), ({"id": 123456}, NOBODY), ({"id": 777}, NOBODY)]),
        (Identifier.STATE_ID, [({"id": 1234567890}, "code"), ({"id": ["1234567890"]}, NOBODY), ({"id": True}, NOBODY)]),
        (
            Identifier.EMAIL,
            [
                ({"id": "ben@jackson.EXAMPLE.org", **verified}, "code"),
                ({"id": "ben@jackson.example.org"}, NOBODY),
                ({"id": "ben@jackson.example.org", "email_verified": "true"}, NOBODY),
                ({"id": "both@jackson.example.org", **verified}, NOBODY),
                ({"id": "%@jackson.example.org", **verified}, NOBODY),
                ({}, NOBODY),
            ],
        ),
    ]
    for identifier, claims in held:
        await with_sso(office, liar.issuer, portals=by(identifier, "id"))
        for said, expected in claims:
            assert await told(browser, liar, **said) == expected, (identifier, said)


@sqlite_only
async def test_one_issuer_for_many_is_asked_which_of_them_it_was(office: Office, liar: LyingProvider) -> None:
    ben = await office.student("Ben Lopez")
    await name_in_roster(office, ben, sourced_id="sis-ben")
    await with_sso(office, liar.issuer, required_claims=[RequiredClaim("hd", "jackson.example.org")])
    browser = Browser(office.server, office.district)
    assert await told(browser, liar, sourced_id="sis-ben", hd="jackson.example.org") == "code"
    assert await told(browser, liar, sourced_id="sis-ben", hd="evil.example.org") == NOBODY
    assert await told(browser, liar, sourced_id="sis-ben") == NOBODY


@sqlite_only
async def test_a_person_of_another_district_is_nobody_here(office: Office, liar: LyingProvider, server: Server) -> None:
    there = await Office.open(server, "there", "There County")
    await name_in_roster(there, await there.student("Ben Lopez"), sourced_id="sis-ben")
    await with_sso(office, liar.issuer)
    assert await told(Browser(server, office.district), liar, sourced_id="sis-ben") == NOBODY


@sqlite_only
async def test_a_parent_needs_a_student_in_the_portal(office: Office, liar: LyingProvider) -> None:
    await with_sso(office, liar.issuer)
    maria = await office.parent()
    await name_in_roster(office, maria.person_id, sourced_id="sis-maria")
    browser = Browser(office.server, office.district, Portal.PARENT)
    await office.take_portal_away(maria)
    assert await told(browser, liar, sourced_id="sis-maria") == "no_portal_access"
    await office.give_portal_back(maria)
    back = liar.sign_in(await browser.to_provider(), "maria", sourced_id="sis-maria")
    session = (await browser.exchange((await browser.finish(back))["code"])).json()
    username = session["account"]["username"]
    assert username.isalnum()
    assert any(c.isdigit() for c in username)
    maria.session = session
    assert await maria.students() == ["Ana", "Ben"]
    # The letter on its way to her would start the account over.
    assert refused(await maria.activate())[1] == "activation_key_invalid"
    # There is no password: nothing that is typed opens the account.
    assert refused(await maria.on_another_device().sign_in(username=username)) == (401, "invalid_credentials")


@sqlite_only
async def test_where_the_district_does_not_want_it_no_account_is_made(office: Office, liar: LyingProvider) -> None:
    await with_sso(office, liar.issuer, makes_accounts=False)
    maria = await office.parent()
    await name_in_roster(office, maria.person_id, sourced_id="sis-maria")
    browser = Browser(office.server, office.district, Portal.PARENT)
    assert await told(browser, liar, sourced_id="sis-maria") == "account_not_found"
    assert (await maria.activate()).status_code == 201
    assert await told(browser, liar, sourced_id="sis-maria") == "code"
    await office.disable(maria)
    assert await told(browser, liar, sourced_id="sis-maria") == "account_locked"
    await office.end(maria.person_id)
    assert await told(browser, liar, sourced_id="sis-maria") == NOBODY


@sqlite_only
async def test_a_portal_that_the_provider_does_not_open_has_no_such_button(
    office: Office, liar: LyingProvider, server: Server
) -> None:
    assert (await server.http.get("/districts/jackson")).json()["sso"] == []
    await with_sso(office, liar.issuer, portals=by(Identifier.SOURCED_ID, "sourced_id"))
    await with_sso(office, liar.issuer, "clever", label="Clever", enabled=False)
    screen = (await server.http.get("/districts/jackson")).json()
    assert screen["features"]["sso"] is True
    assert screen["sso"] == [{"name": "google", "label": "Google", "portals": ["student"]}]
    assert refused(await Browser(server, "jackson", Portal.PARENT).begin()) == (422, "validation_failed")
    await office.set("portals=parent")
    assert (await server.http.get("/districts/jackson")).json()["sso"] == []


@sqlite_only
async def test_a_students_name_that_is_taken_is_not_taken_again(office: Office, liar: LyingProvider) -> None:
    """Two students have one number in the roster, which claims cannot tell apart."""
    await with_sso(office, liar.issuer)
    names = []
    for who in ("one", "two"):
        person: UUID = await office.student(f"{who.title()} Lopez", number="0000042")
        await name_in_roster(office, person, sourced_id=f"sis-{who}")
        browser = Browser(office.server, office.district)
        back = liar.sign_in(await browser.to_provider(), who, sourced_id=f"sis-{who}")
        session = (await browser.exchange((await browser.finish(back))["code"])).json()
        names.append(session["account"]["username"])
    assert names[0] == "S0000042"
    assert len(set(names)) == 2
