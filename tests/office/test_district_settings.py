"""The district's settings in the hands of its office: what is changed holds at once, and nobody's change is lost."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.models import AuditEvent
from app.services.clerk import operator_of
from app.services.district_settings import DistrictSettings, OfficeSettings
from app.services.office.policy_warnings import policy_warnings
from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, User, faults, refused

PATH = "/admin/district"
PORTAL = "https://portal.example.org"


async def change(who: User, changes: dict[str, Any], *, seen: str = "*") -> httpx.Response:
    return await who.ask("PATCH", PATH, json=changes, headers={"If-Match": seen})


async def changed_events(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Tag, actor and data, in order."""
    async with server.campus.database.reading() as connection:
        query = select(AuditEvent.tag, AuditEvent.actor, AuditEvent.data).order_by(AuditEvent.id)
        rows = await connection.execute(query.where(AuditEvent.tag.like("%:district:changed")))
        return [(row.tag, row.actor, row.data) for row in rows]


async def test_the_office_sees_all_its_settings_and_changes_some(dana: User, server: Server) -> None:
    shown = await dana.ask("GET", PATH)
    settings = shown.json()
    assert shown.headers["etag"] == '"1"'
    assert set(settings) == {*OfficeSettings.model_fields, "version", "policy_warnings"}
    assert (settings["version"], settings["support"]) == (1, {"ticket": {}})
    assert [warning["code"] for warning in settings["policy_warnings"]] == ["language_not_reviewed"]

    answer = await change(
        dana,
        {
            "features": {"claim": True},
            "password_policy": {"min_length": 10},
            "languages": ["en", "hmn"],
            "support": {"phone": "404-802-1000", "ticket": {"label": "Talk", "url": "https://talk.example.org"}},
        },
        seen=shown.headers["etag"],
    )
    now = (await dana.ask("GET", PATH)).json()
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"2"', now)
    assert now["features"] == {**settings["features"], "claim": True}
    assert now["password_policy"] == {**settings["password_policy"], "min_length": 10}
    assert now["languages"] == ["en", "hmn"]
    assert now["captcha"] == settings["captcha"]
    screen = (await server.http.get("/districts/jackson")).json()
    assert screen["support"]["phone"] == "404-802-1000"
    assert screen["password_policy"]["min_length"] == 10

    assert (await change(dana, {"support": {"phone": "", "ticket": {"url": ""}}})).json()["support"] == {
        "ticket": {"label": "Talk"}
    }
    everything = {name: value for name, value in now.items() if name in OfficeSettings.model_fields}
    whole = await change(dana, everything)
    assert whole.status_code == 200, "what is shown may be sent back"
    assert (await change(dana, everything)).headers["etag"] == whole.headers["etag"], "the same again is no change"


async def test_the_trail_tells_what_changed_and_no_words(dana: User, office: Office) -> None:
    await change(dana, {"password_policy": {"min_length": 9}, "support": {"phone": "404-802-1000"}})
    await office.set("password_policy.min_length=12", "features.push=false")
    what = {
        "changed": ["password_policy.min_length", "support.phone"],
        "values": {"password_policy.min_length": [8, 9]},
    }
    values = {"features.push": [True, False], "password_policy.min_length": [9, 12]}
    assert await changed_events(office.server) == [
        ("office:district:changed", f"account:{dana.session['account']['id']}", what),
        ("operator:district:changed", "operator", {"changed": sorted(values), "values": values}),
    ]


async def test_of_two_admins_who_change_one_setting_at_once_the_second_sees_the_first(
    dana: User, office: Office
) -> None:
    erin = await at_desk(office, name="Erin Cole")
    for length in range(9, 17, 2):
        seen = (await dana.ask("GET", PATH)).headers["etag"]
        answers = await asyncio.gather(
            change(dana, {"password_policy": {"min_length": length}}, seen=seen),
            change(erin, {"password_policy": {"min_length": length + 1}}, seen=seen),
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 1}
        (late,) = [answer for answer in answers if answer.is_error]
        (done,) = [answer for answer in answers if answer.is_success]
        assert refused(late) == (412, "precondition_failed")
        assert (await dana.ask("GET", PATH)).json() == done.json()
    assert len(await changed_events(office.server)) == 4


async def test_whoever_does_not_say_what_he_has_seen_changes_nothing(dana: User) -> None:
    body = {"features": {"push": False}}
    assert refused(await dana.ask("PATCH", PATH, json=body)) == (428, "precondition_required")
    for stale in ('"0"', '"2"', 'W/"1"', "1", '"1', '*, "7"'):
        assert refused(await change(dana, body, seen=stale)) == (412, "precondition_failed"), stale
    assert (await dana.ask("GET", PATH)).json()["features"]["push"] is True
    assert (await change(dana, body, seen='"7", "1"')).status_code == 200


@sqlite_only
async def test_what_is_out_of_range_is_named_field_by_field(dana: User) -> None:
    answer = await change(
        dana,
        {
            "password_policy": {"min_length": 5, "history": 25},
            "captcha": {"threshold": 0},
            "languages": [],
            "networks": {"shared": ["203.0.113.0/24", "10.0.0.0/7", "school"]},
            "origins": ["https://portal.example.org/app"],
            "key_request": {"delivery": "pigeon"},
            "portals": ["parent", "janitor"],
        },
    )
    assert faults(answer) == {
        ("/password_policy/min_length", "too_small"): {"min": 6},
        ("/password_policy/history", "too_large"): {"max": 24},
        ("/captcha/threshold", "too_small"): {"min": 1},
        ("/languages", "too_few"): {"min": 1},
        ("/networks/shared/1", "network_too_wide"): {"widest": 8},
        ("/networks/shared/2", "network_expected"): {},
        ("/origins/0", "origin_expected"): {},
        ("/key_request/delivery", "unknown_value"): {},
        ("/portals/1", "unknown_value"): {},
    }
    answer = await change(dana, {"support": {"email": "nobody", "url": "javascript:alert(1)"}})
    assert set(faults(answer)) == {("/support/email", "wrong_format"), ("/support/url", "web_address_expected")}
    assert (await dana.ask("GET", PATH)).json()["version"] == 1


@sqlite_only
async def test_lengths_that_do_not_go_together_are_refused_whichever_comes_first(dana: User) -> None:
    assert faults(await change(dana, {"username_policy": {"min_length": 12, "max_length": 10}})) == {
        ("/username_policy/max_length", "max_below_min"): {"min": 12}
    }
    assert (await change(dana, {"username_policy": {"max_length": 10}})).status_code == 200
    assert ("/username_policy/max_length", "max_below_min") in faults(
        await change(dana, {"username_policy": {"min_length": 12}})
    )
    both = await change(dana, {"username_policy": {"min_length": 12, "max_length": 20}})
    assert both.json()["username_policy"] == {"min_length": 12, "max_length": 20}


@sqlite_only
async def test_what_only_an_operator_decides_is_no_field_here(dana: User) -> None:
    for name, value in (
        ("portal_url", "https://evil.example.org"),
        ("maintenance_until", "2026-08-03T12:00:00Z"),
        ("state", "NC"),
        ("timezone", "UTC"),
        ("name", "Ours"),
        ("version", 1),
    ):
        assert (f"/{name}", "unknown_field") in faults(await change(dana, {name: value}))
    assert ("/password_policy/secret", "unknown_field") in faults(
        await change(dana, {"password_policy": {"secret": 1}})
    )


async def test_features_and_origins_hold_at_the_next_request(dana: User, maria: User, server: Server) -> None:
    page = {"Origin": PORTAL}
    assert "access-control-allow-origin" not in (await server.http.get("/districts", headers=page)).headers
    assert (await maria.verify()).status_code == 200
    await change(dana, {"features": {"activation": False}, "origins": [PORTAL]})
    assert refused(await maria.verify()) == (403, "feature_disabled")
    answer = await server.http.get("/districts", headers=page)
    assert answer.headers["access-control-allow-origin"] == PORTAL
    await change(dana, {"features": {"activation": True}, "origins": []})
    assert (await maria.verify()).status_code == 200
    assert "access-control-allow-origin" not in (await server.http.get("/districts", headers=page)).headers


async def test_networks_hold_a_second_later(dana: User, server: Server) -> None:
    async with server.at("203.0.113.7") as pupil:

        async def quota() -> str:
            return (await pupil.get("/districts/jackson")).headers["ratelimit-policy"]

        before = await quota()
        await change(dana, {"networks": {"shared": ["203.0.113.9/24"]}})
        assert (await dana.ask("GET", PATH)).json()["networks"] == {"shared": ["203.0.113.0/24"]}
        await asyncio.sleep(1)  # each process asks once a second, for those whom it lets through
        assert await quota() != before


async def test_what_works_but_is_not_wise_is_said_in_the_language_of_the_office(dana: User) -> None:
    answer = await change(
        dana,
        {
            "features": {"password_reset": False, "claim": True},
            "password_policy": {"min_length": 6},
            "captcha": {"threshold": 20},
            "claim": {"delay_hours": 0},
            "key_request": {"delivery": "display"},
            "username_recovery": {"lockout": "account"},
        },
    )
    assert {warning["path"]: warning["code"] for warning in answer.json()["policy_warnings"]} == {
        "languages": "language_not_reviewed",
        "password_policy.min_length": "password_short",
        "captcha.threshold": "captcha_late",
        "features.password_reset": "password_reset_off",
        "username_recovery.lockout": "lockout_by_others",
        "claim.delay_hours": "claim_at_once",
        "claim.fields": "claim_facts_known",
        "key_request.delivery": "key_displayed",
    }
    spanish = await dana.ask("GET", PATH, headers={"Accept-Language": "es"})
    assert spanish.headers["content-language"] == "es"
    assert spanish.json()["policy_warnings"][1]["detail"].startswith("Las contraseñas de menos de 8")


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, []),
        ({"languages": ["en-GB", "es-MX"]}, ["language_not_reviewed"]),
        ({"languages": ["en", "am"]}, ["language_without_words"]),
        ({"languages": ["fil", "tlh"]}, ["language_without_words", "language_not_reviewed"]),
        ({"password_policy": {"strong": True}}, ["password_composition"]),
        ({"captcha": {"threshold": 9}}, []),
        ({"key_request": {"fields": []}}, ["key_request_facts_known"]),
        ({"key_request": {"fields": ["ssn_last4"]}}, ["ssn_asked"]),
        ({"activation_key": {"days": 365}}, ["key_lives_long"]),
        ({"challenge_questions": {"count": 1}}, ["few_challenge_questions"]),
        ({"networks": {"shared": ["10.0.0.0/8", "203.0.113.0/24"]}}, []),
        ({"networks": {"shared": ["8.0.0.0/8"]}}, ["network_wide"]),
        ({"origins": ["http://portal.example.org"]}, ["origin_not_encrypted"]),
        ({"features": {"activation": False, "username_recovery": False}}, ["activation_off", "username_recovery_off"]),
    ],
)
def test_each_warning_has_its_bound(settings: dict[str, Any], codes: list[str]) -> None:
    warnings = policy_warnings(DistrictSettings.model_validate({"languages": ["en"], **settings}))
    assert [warning.code for warning in warnings] == codes


async def test_settings_are_an_admins_of_this_district(dana: User, hugo: User, maria: User, server: Server) -> None:
    await maria.activate()
    for stranger in (hugo, maria):
        assert refused(await stranger.ask("GET", PATH)) == (403, "forbidden")
        assert refused(await change(stranger, {"features": {"push": False}})) == (403, "forbidden")
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    erin = await at_desk(wake, name="Erin Cole")
    assert (await change(erin, {"features": {"push": False}})).status_code == 200
    assert (await dana.ask("GET", PATH)).json()["features"]["push"] is True
    state = await server.campus.district_office.look(operator_of("wake"))
    assert (state.version, state.settings.features.push) == (2, False)
