"""What every operation refuses, read off the specification: bodies that say more than asked, and callers who prove nothing."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from tests.support.desk import at_desk
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.openapi_grammar import resolved
from tests.support.portal import Server, User, faults, refused

pytestmark = sqlite_only
SMUGGLED = ("id", "account_id", "person_id", "user_id", "sub", "role", "is_admin", "__proto__", "constructor")


async def test_d23_a_field_that_no_operation_knows_is_refused_by_each(maria: User, office: Office) -> None:
    await maria.activate()
    dana = await at_desk(office)
    asked = [(method, path) for method, path, operation in operations(maria.server) if takes_json(operation)]
    assert {("POST", "/activate"), ("POST", "/activate/verify"), ("POST", "/login"), ("PATCH", "/me")} <= set(asked)
    for method, path in asked:
        asking = dana if path.startswith("/admin/") else maria
        answer = await asking.ask(method, path, json={"surprise": "!"})
        assert ("/surprise", "unknown_field") in faults(answer), path
    assert (await maria.me()).status_code == 200, "the refused sign-out ended nothing"


async def test_d22_no_body_names_the_account_that_a_request_is_about(maria: User) -> None:
    await maria.activate()
    for name in SMUGGLED:
        answer = await maria.ask("PATCH", "/me", json={"locale": "es", name: str(uuid4())})
        assert faults(answer) == {(f"/{name}", "unknown_field"): {}}
        assert faults(await maria.sign_in(**{name: "x"})) == {(f"/{name}", "unknown_field"): {}}
        answer = await maria.sign_in(device={"name": "Phone", name: "x"})
        assert faults(answer) == {(f"/device/{name}", "unknown_field"): {}}


async def test_d23_every_signed_in_operation_wants_a_genuine_token(server: Server) -> None:
    signed_in = [(method, path) for method, path, operation in operations(server) if operation.get("security")]
    assert {("GET", "/me"), ("PATCH", "/me"), ("GET", "/me/students"), ("POST", "/login/logout")} <= set(signed_in)
    for method, path in signed_in:
        url = path.format_map(AnyId())
        assert refused(await server.http.request(method, url)) == (401, "not_authenticated"), path
        for garbage in ("x", "Bearer", "a.b.c", "null", "x" * 4_000):
            answer = await server.http.request(method, url, headers={"Authorization": f"Bearer {garbage}"})
            assert refused(answer) == (401, "invalid_token"), path


async def test_d23_what_is_wrong_with_a_request_is_not_told_to_strangers(server: Server) -> None:
    """The token is asked for before the body is judged."""
    answer = await server.http.patch("/me", json={"surprise": "!"})
    assert answer.status_code in {401, 422}
    assert "locale" not in answer.json().get("detail", "")


async def test_public_operations_say_so(server: Server) -> None:
    public = {path for _, path, operation in operations(server) if not operation.get("security")}
    assert {"/districts", "/districts/{district_id}", "/activate", "/activate/verify", "/login", "/healthz"} <= public
    assert not {path for path in public if path.startswith("/me")}


async def test_fields_of_the_wrong_kind_are_named_and_not_repeated(server: Server) -> None:
    body = {"district": 7, "portal": "p", "username": ["u"], "password": {"p": 1}, "device": "d"}
    answer = await server.http.post("/login", json=body)
    assert faults(answer) == {
        ("/district", "text_expected"): {},
        ("/portal", "unknown_value"): {},
        ("/username", "text_expected"): {},
        ("/password", "text_expected"): {},
        ("/device", "object_expected"): {},
    }


async def test_nothing_is_taken_for_what_it_is_not(server: Server, office: Office) -> None:
    """0 is no date of 1970, and neither 0 nor "no" is false."""
    await office.set("features.claim=true")
    who = {"district": "jackson", "last_name": "Lopez", "first_name": "Ana", "student_number": "0123456"}
    for birth_date in (0, "0", "1392076800", 1.5, True):
        answer = await server.http.post("/activate/claim", json={**who, "birth_date": birth_date})
        assert faults(answer) == {("/birth_date", "date_expected"): {}}
    for shared in (0, 1, "no", "true", 0.0):
        body = {"district": "jackson", "portal": "parent", "username": "maria2026", "password": "x"}
        answer = await server.http.post("/login", json={**body, "device": {"shared": shared}})
        assert faults(answer) == {("/device/shared", "true_or_false_expected"): {}}


async def test_tokens_of_any_letters_are_refused_and_break_nothing(server: Server, office: Office) -> None:
    """Every text of every example is in turn replaced by one that no token of ours is."""
    await office.set("features.claim=true", "features.challenge_questions=true", "features.key_request=true")
    document = server.app.openapi()
    for method, path, operation in operations(server):
        if operation["security"] or not takes_json(operation):
            continue
        (example,) = operation["requestBody"]["content"]["application/json"]["examples"].values()
        body = {**resolved(document, example)["value"], "district": office.district}
        for field in (name for name, value in body.items() if isinstance(value, str)):
            answer = await server.http.request(
                method, path, json={**body, field: "\u00b8\u043a\u043b\u044e\u0447\U0001f511"}
            )
            assert answer.status_code in {200, 202} or refused(answer)[0] < 500, (path, field)


async def test_missing_fields_are_all_named(server: Server) -> None:
    answer = await server.http.post("/activate", json={})
    needed = ("district", "activation_key", "username", "password", "password_confirm")
    assert faults(answer) == {(f"/{name}", "required"): {} for name in needed}


class AnyId(dict[str, str]):
    """A well-formed id for every parameter of a path."""

    def __missing__(self, _: str) -> str:
        return str(uuid4())


def operations(server: Server) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in server.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def takes_json(operation: dict[str, Any]) -> bool:
    return "application/json" in operation.get("requestBody", {}).get("content", {})
