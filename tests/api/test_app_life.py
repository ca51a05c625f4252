"""What ends one day, and how those who build apps hear of it: old versions, old operations, and links that open an app."""

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from fastapi import APIRouter

from app.app_releases import AppRelease, Platform
from app.clock import ManualClock
from app.main import create_app
from app.openapi import operation_id, refusals
from app.route_guards import Budget, deprecated, limited
from app.routers.dependencies import Caller
from app.schemas.session import AccountAnswer
from app.settings import Settings, SettingsError, load_settings
from tests.documents.blocks import block
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.openapi_grammar import resolved
from tests.support.portal import BASE_URL, Server, User, refused, serving

STORE = "https://apps.example.org/campus-parent"
TOO_OLD = (426, "app_upgrade_required")
OLD, NEW = {"X-Client": "campus-parent-ios/4.9.9"}, {"X-Client": "campus-parent-ios/4.10"}
PORTAL = "https://portal.example.org"
FOR_EVERY_VERSION = {
    "POST /login/refresh",
    "POST /login/logout",
    "DELETE /me/devices/{installation_id}",
    "GET /app-config",
    "GET /healthz",
    "GET /readyz",
    "GET /.well-known/jwks.json",
    "GET /problems",
    "GET /problems/{problem}",
}


@pytest.fixture
async def published(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """An operator with an app for Apple's devices, whose oldest versions he has left behind, and one for Android."""
    ios = AppRelease(
        product="campus-parent",
        platform=Platform.IOS,
        min_version="5.0",
        latest_version="5.3.1",
        store_url=STORE,
        refused_below="4.10",
        app_id="ABCDE12345.org.example.parent",
    )
    android = AppRelease(
        product="campus-parent",
        platform=Platform.ANDROID,
        min_version="5.0",
        latest_version="5.4",
        store_url=STORE,
        package_name="org.example.parent",
        certificate_sha256=(":".join(["AB"] * 32),),
    )
    pages = {"change_password_url": f"{PORTAL}/account/password"}
    async with serving(settings.model_copy(update={"apps": (ios, android), **pages}), clock) as server:
        yield server


@sqlite_only
async def test_an_app_asks_whether_it_is_new_enough(published: Server, settings: Settings, clock: ManualClock) -> None:
    parent = {"product": "campus-parent", "platform": "ios"}
    answer = await published.http.get("/app-config", params=parent)
    said = {"min_version": "5.0", "latest_version": "5.3.1", "store_url": STORE}
    assert answer.json() == {**said, "maintenance": False}
    for unknown in ({**parent, "product": "campus-student"}, {**parent, "platform": "web"}):
        assert refused(await published.http.get("/app-config", params=unknown)) == (404, "not_found")
    wrong = await published.http.get("/app-config", params={"product": "?", "platform": "watch"})
    assert refused(wrong) == (422, "validation_failed")
    apps = published.campus.settings.apps
    async with serving(settings.model_copy(update={"apps": apps, "maintenance": True}), clock) as server:
        assert (await server.http.get("/app-config", params=parent)).json() == {**said, "maintenance": True}


@sqlite_only
async def test_below_the_hard_floor_nothing_works_but_leaving_in_order(published: Server) -> None:
    document = published.app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answer = await published.http.request(method, path.replace("{", "").replace("}", ""), headers=OLD)
            is_served = f"{method.upper()} {path}" in FOR_EVERY_VERSION
            assert (answer.status_code == 426) is not is_served, path
            assert ("426" in operation["responses"]) is not is_served, path


@sqlite_only
async def test_an_app_that_is_too_old_learns_where_the_new_one_is(published: Server) -> None:
    jackson = await Office.open(published)
    await jackson.set(f"origins={PORTAL}")
    answer = await published.http.get("/districts", headers={**OLD, "Origin": PORTAL, "Accept-Language": "es"})
    assert refused(answer) == TOO_OLD
    assert answer.json()["store_url"] == STORE
    assert answer.json()["next_step"] == "upgrade_app"
    assert answer.headers["content-language"] == "es"
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert answer.headers["ratelimit"]


async def test_whoever_is_signed_in_with_an_old_app_can_sign_out(published: Server) -> None:
    maria = await (await Office.open(published)).parent()
    assert (await maria.activate()).status_code == 201
    assert refused(await maria.ask("GET", "/me", headers=OLD)) == TOO_OLD
    assert (await maria.ask("GET", "/me", headers=NEW)).status_code == 200
    refreshed = await maria.http.post(
        "/login/refresh", json={"refresh_token": maria.session["refresh_token"]}, headers=OLD
    )
    assert refreshed.status_code == 200
    device = {"platform": "ios", "provider": "apns", "push_token": "a1b2"}
    assert refused(await maria.ask("PUT", "/me/devices/phone", json=device, headers=OLD)) == TOO_OLD
    assert (await maria.ask("PUT", "/me/devices/phone", json=device, headers=NEW)).status_code == 204
    assert (await maria.ask("DELETE", "/me/devices/phone", headers=OLD)).status_code == 204
    assert (await maria.ask("POST", "/login/logout", headers=OLD)).status_code == 204


@pytest.mark.parametrize(
    "client",
    [
        *("campus-parent-ios/4.10-beta", "campus-parent-ios/4.10.0.1", "campus-parent-ios/10"),
        *("campus-parent-android/1", "campus-student-ios/1", "parent-ios/1", "campus-parent-ios", "", "x" * 5_000),
        *("campus-parent-ios/", "campus-parent-ios/four", "Campus-Parent-iOS/1", "campus-parent-ios/1٣"),
    ],
)
@sqlite_only
async def test_whoever_is_not_known_to_be_too_old_is_served(published: Server, client: str) -> None:
    answer = await published.http.get("/districts", headers={b"X-Client": client.encode()})
    assert (answer.status_code == 426) is (client == "campus-parent-ios/1٣"), "what follows the numbers does not count"


@sqlite_only
async def test_an_operation_on_its_way_out_says_so_in_every_answer(settings: Settings, clock: ManualClock) -> None:
    router = APIRouter(tags=["My account"], generate_unique_id_function=operation_id)

    @router.get("/me/old", responses=refusals())
    @limited(Budget.SESSION)
    @deprecated(since=date(2026, 1, 1), gone_from=date(2027, 1, 1))
    async def get_me_of_old(caller: Caller) -> AccountAnswer:
        """As it was once."""
        return AccountAnswer.of(caller.account)

    app = create_app(settings, clock=clock)
    app.include_router(router)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        maria: User = await (await Office.open(Server(app, http))).parent()
        assert (await maria.activate()).status_code == 201
        for answer, status in ((await maria.ask("GET", "/me/old"), 200), (await http.get("/me/old"), 401)):
            assert answer.status_code == status
            assert answer.headers["deprecation"] == "@1767225600"
            assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert not {"deprecation", "sunset"} & (await maria.me()).headers.keys()
    document = app.openapi()
    operation = document["paths"]["/me/old"]["get"]
    assert operation["deprecated"] is True
    assert all(
        {"Deprecation", "Sunset"} <= set(resolved(document, one)["headers"]) for one in operation["responses"].values()
    )
    assert "deprecated" not in document["paths"]["/me"]["get"]


@sqlite_only
async def test_apps_open_the_links_of_our_mails(published: Server) -> None:
    apple = await published.http.get("/.well-known/apple-app-site-association")
    assert apple.headers["content-type"] == "application/json"
    paths = [{"/": path} for path in ("/reset-password", "/confirm-email", "/dispute", "/activate")]
    assert apple.json() == {
        "applinks": {"details": [{"appIDs": ["ABCDE12345.org.example.parent"], "components": paths}]},
        "webcredentials": {"apps": ["ABCDE12345.org.example.parent"]},
    }
    android = await published.http.get("/.well-known/assetlinks.json")
    assert android.headers["content-type"] == "application/json"
    (statement,) = android.json()
    assert statement["target"]["package_name"] == "org.example.parent"
    assert statement["target"]["sha256_cert_fingerprints"] == [":".join(["AB"] * 32)]
    page = await published.http.get("/.well-known/change-password")
    assert (page.status_code, page.headers["location"]) == (302, f"{PORTAL}/account/password")


@pytest.mark.parametrize("name", ["apple-app-site-association", "assetlinks.json", "change-password", "anything"])
@sqlite_only
async def test_what_is_not_configured_is_not_there(server: Server, name: str) -> None:
    assert refused(await server.http.get(f"/.well-known/{name}")) == (404, "not_found")


APP = '{"product": "campus-parent", "platform": "ios", "min_version": "5", "latest_version": "5.1", "store_url": "https://a.example"}'


def test_apps_are_configured_as_a_json_list() -> None:
    (app,) = load_settings({"CAMPUS_APPS": f"[{APP}]"}).apps
    assert (app.product, app.platform, app.refused_below) == ("campus-parent", "ios", None)


def test_the_example_of_the_operations_page_is_one() -> None:
    apps = load_settings({"CAMPUS_APPS": block("the apps of an operator")}).apps
    assert [app.platform for app in apps] == ["ios", "android"]


@pytest.mark.parametrize(
    "text",
    [
        *("{", "7", "[[]]", f"[{APP}, {APP}]", APP),
        f"[{APP.replace('https', 'http')}]",
        f"[{APP.replace('5.1', 'newest')}]",
        f"[{APP.replace('ios', 'watch')}]",
    ],
)
def test_apps_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="CAMPUS_APPS: "):
        load_settings({"CAMPUS_APPS": text})
