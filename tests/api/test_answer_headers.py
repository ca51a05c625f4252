"""What stands in the head of every answer, whatever was asked: plain HTTP is over, and nothing is left in a browser."""

from app.clock import ManualClock
from app.settings import Settings
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import serving

TWO_YEARS = "max-age=63072000; includeSubDomains"


@sqlite_only
async def test_every_answer_over_https_says_to_come_that_way_for_two_years(
    settings: Settings, clock: ManualClock
) -> None:
    over_https = settings.model_copy(update={"public_url": "https://accounts.example.org"})
    async with serving(over_https, clock) as server:
        maria = await (await Office.open(server)).parent()
        met = [await maria.activate(), await maria.sign_in(password="wrong"), await server.http.get("/nothing")]
        met += [await server.http.get(path) for path in ("/districts", "/docs", "/reset-password", "/login")]
        met += [await server.http.post("/login", content=b"<a/>", headers={"Content-Type": "application/xml"})]
    assert [answer.status_code for answer in met] == [201, 401, 404, 200, 200, 200, 405, 415]
    assert {answer.headers.get("strict-transport-security") for answer in met} == {TWO_YEARS}


@sqlite_only
async def test_no_token_stands_in_a_cookie(settings: Settings, clock: ManualClock) -> None:
    """Tokens stand in bodies and in one header of requests, which no browser adds by itself: so nobody's page can send them."""
    async with serving(settings, clock) as server:
        maria = await (await Office.open(server)).parent()
        met = [await maria.activate(), await maria.sign_in(), await maria.refresh(), await maria.me()]
        met += [await server.http.get(path) for path in ("/districts", "/reset-password", "/activate", "/docs")]
        met += [await maria.sign_out(), await server.http.get("/me", headers={"Cookie": "access_token=x"})]
    assert all("set-cookie" not in answer.headers for answer in met)
    assert met[-1].status_code == 401
