"""Stories with a real provider in a process of its own."""

from app.portals import Portal
from tests.sso.people import APP, Browser, kinds, name_in_roster, with_sso
from tests.sso.real_provider import RealProvider
from tests.support.office import Office
from tests.support.portal import Server, refused


async def test_a_student_signs_in_by_the_districts_provider(live_server: Server, provider: RealProvider) -> None:
    """Nobody gave him a key: the roster knows him, and the provider says who he is."""
    office = await with_sso(await Office.open(live_server), provider.issuer)
    ben = await office.student("Ben Lopez", number="0123456")
    await name_in_roster(office, ben, sourced_id="sis-ben")
    provider.knows("ben@example.org", sourced_id="sis-ben")
    browser = Browser(live_server, office.district)

    url = await browser.to_provider()
    back = await provider.sign_in(url, "ben@example.org")
    answer = await browser.finish(back)
    assert set(answer) == {"code", "state"}
    assert answer["state"] == browser.state
    session = (await browser.exchange(answer["code"], device={"installation_id": "ipad"})).json()

    assert session["account"]["username"] == "S0123456"
    assert session["account"]["first_name"] == "Ben"
    assert session["next_steps"] == []
    me = await live_server.http.get("/me", headers={"Authorization": f"Bearer {session['access_token']}"})
    assert me.status_code == 200
    assert await kinds(live_server, session["access_token"]) == ["signed_in_by_sso", "activated"]

    assert refused(await browser.exchange(answer["code"])) == (410, "ticket_invalid")
    again = await browser.finish(await provider.sign_in(await browser.to_provider(), "ben@example.org"))
    second = (await browser.exchange(again["code"], redirect_uri=APP)).json()
    assert second["account"]["id"] == session["account"]["id"]


async def test_a_parent_and_a_stranger(live_server: Server, provider: RealProvider) -> None:
    """A parent with a password is the same person by the provider; whoever is not in the roster stays outside."""
    office = await with_sso(await Office.open(live_server), provider.issuer)
    maria = await office.parent()
    assert (await maria.activate()).status_code == 201
    await name_in_roster(office, maria.person_id, sourced_id="sis-maria")
    provider.knows("maria", sourced_id="sis-maria")
    provider.knows("eve", sourced_id="sis-eve")

    browser = Browser(live_server, office.district, Portal.PARENT)
    answer = await browser.finish(await provider.sign_in(await browser.to_provider(), "maria"))
    session = (await browser.exchange(answer["code"])).json()
    assert session["account"]["username"] == maria.username

    stranger = Browser(live_server, office.district, Portal.PARENT)
    answer = await stranger.finish(await provider.sign_in(await stranger.to_provider(), "eve"))
    assert answer == {"error": "person_not_found", "state": stranger.state}

    student = Browser(live_server, office.district, Portal.STUDENT)
    answer = await student.finish(await provider.sign_in(await student.to_provider(), "maria"))
    assert answer["error"] == "person_not_found"
