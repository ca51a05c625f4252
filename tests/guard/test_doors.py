"""Every door that takes a secret: each is limited, and whoever guesses at one that can be guessed is stopped (D20)."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.openapi import operation_id
from app.problems import MEDIA_TYPE
from app.services.district_settings import DistrictSettings
from app.services.setting_paths import setting_paths
from app.settings import Settings
from tests.guard.stranger import ASKED, INVALID, WRONG, guess
from tests.support.engines import sqlite_only
from tests.support.hash_pools import no_free_place
from tests.support.office import Office
from tests.support.openapi_grammar import resolved
from tests.support.portal import Server, refused
from tests.support.recovery import ADDRESS, CONFIRM, NEW_PASSWORD, Owner, Post

# What a secret is: too long to be guessed, just being chosen, or short enough that its door must count the tries.
LONG, NEW, GUESSABLE = "100 random bits or more", "set here, proves nothing", "short or made by people"
AFTER_PROOF = "short, asked after another proof, and counted by the factor: tests/sso/test_second_factor.py"
_NEW_PASSWORD = {"password": NEW, "password_confirm": NEW}
_ANSWERED = dict.fromkeys(("clientDataJSON", "authenticatorData", "signature"), LONG)
DOORS: Mapping[str, Mapping[str, str]] = {
    "POST /activate/verify": {"activation_key": LONG},
    # Repeated with the same Idempotency-Key, the password proves whose account it is.
    "POST /activate": {
        "activation_key": LONG,
        "password": GUESSABLE,
        "password_confirm": NEW,
        "device.device_token": LONG,
    },
    "POST /activate/claim": dict.fromkeys(("last_name", "first_name", "student_number", "birth_date"), GUESSABLE),
    "POST /activate/key-requests": dict.fromkeys(
        ("student_number", "ssn_last4", "birth_date", "guardian_first_name", "guardian_last_name"), GUESSABLE
    ),
    "POST /activate/claim/complete": {
        "ticket": LONG,
        **_NEW_PASSWORD,
        "challenge_answers.answer": NEW,
        "device.device_token": LONG,
    },
    "POST /login": {"password": GUESSABLE, "totp": GUESSABLE, "device.device_token": LONG},
    # A signature over a challenge, by a key that never leaves its device.
    "POST /login/passkey": {
        **{f"credential.response.{name}": secret for name, secret in _ANSWERED.items()},
        "device.device_token": LONG,
    },
    "POST /me/passkeys": {f"credential.response.{name}": NEW for name in ("clientDataJSON", "attestationObject")},
    "POST /login/refresh": {"refresh_token": LONG},
    "GET /login/sso/{district_id}/{provider}/callback": {"state": LONG, "code": LONG},
    "POST /login/sso/exchange": {
        "code": LONG,
        "code_verifier": LONG,
        "totp": AFTER_PROOF,
        "device.device_token": LONG,
    },
    "PUT /admin/sso/{provider}": {"client_secret": NEW},
    "POST /login/logout": {"refresh_token": LONG},
    "POST /password-reset/check": {"token": LONG},
    "POST /password-reset/confirm": {"token": LONG, **_NEW_PASSWORD},
    "POST /password-reset/answers": {"ticket": LONG, "answers.answer": GUESSABLE},
    "POST /recovery-email/confirm": {"token": LONG},
    "POST /security/dispute": {"token": LONG},
    "PUT /me/password": {"current_password": GUESSABLE, **_NEW_PASSWORD},
    "PUT /me/recovery-email": {"current_password": GUESSABLE},
    "PUT /me/challenge-answers": {"current_password": GUESSABLE, "challenge_answers.answer": NEW},
    "POST /me/recovery-email/confirm": {"token": LONG, "code": GUESSABLE},
    "POST /districts/link": {"code": GUESSABLE},
    "PUT /me/devices/{installation_id}": {"push_token": NEW},
    # What a code is worth that stands in place of the password: tests/office/test_totp.py.
    "POST /me/totp/confirm": {"totp": NEW},
    "POST /me/step-up": {
        "password": GUESSABLE,
        "totp": GUESSABLE,
        **{f"passkey.response.{name}": secret for name, secret in _ANSWERED.items()},
    },
}
_CLOSURES = ("closures", "areas.closures", "feature_closures")
_ADDRESS = ("address.street", "address.city", "address.state", "address.postal_code")
NO_SECRETS = {
    *("district", "district_id", "portal", "username", "email", "recovery_email", "locale", "captcha", "action"),
    *("device.installation_id", "device.name", "device.shared", "session_id", "problem", "explain"),
    *("q", "state", "limit", "cursor", "If-None-Match", "Idempotency-Key"),
    # On the way to a provider and back, and what the office knows of one.
    *("redirect_uri", "code_challenge", "code_challenge_method", "prompt", "error", "iss"),
    *("label", "issuer", "client_id", "scopes", "portals.portal", "portals.claim", "portals.identifier"),
    *("required_claims.claim", "required_claims.value", "makes_accounts", "trusts_mfa", "enabled"),
    *("category", "first_name", "last_name", "student_number", "message"),
    *("ticket_id", "request_id", "outcome", "remedy", "relationship_id", "channel", "photo_id_checked"),
    *("challenge_answers.question_id", "answers.question_id", "product"),
    *("account_id", "installation_id", "platform", "provider", "for_linked", "include_linked"),
    # Whom and what the office looks for, and the keys and colleagues that it changes.
    *("person_id", "school_id", "school_ids", "batch_id", "key_id", "kind", "method", "role"),
    *("tag", "actor", "since", "until"),
    # The office's district: its settings, its announcements, the rosters that it uploads (whose body has no name).
    *("If-Match", *setting_paths(DistrictSettings)),
    *("announcement_id", "title", "body", "links.label", "links.url", "published_on", "visible_from", "visible_until"),
    # What the schools have on, and when.
    *(
        "own_calendar",
        "off.parent",
        "off.staff",
        "off.student",
        "closures.areas",
        "closures.portals",
        "closures.reason",
    ),
    *(f"{group}.{field}" for group in _CLOSURES for field in ("closes_on", "closes_time", "back_on", "back_time")),
    *("areas.closures.areas", "areas.closures.portals", "areas.closures.reason", "feature_closures.feature"),
    # Where a family lives.
    *("household_id", "household_version", "version", "student_id", "member_ids", "reason"),
    *(f"{home}{field}" for home in ("", "correction.") for field in ("emails", "phones", "language", *_ADDRESS)),
    *("roster_id", "dry_run", "allow_ending", "as_new", "strict", ""),
    # Which passkey it is, and how its device is reached.
    *("passkey_id", "name", "credential.response.transports"),
    *(
        f"{part}.{name}"
        for part in ("credential", "passkey")
        for name in ("id", "rawId", "type", "response.userHandle")
    ),
}
CARLA = "0123456"
ONCE = {"Idempotency-Key": "6f1c2e3d-once"}
REUSED = (422, "idempotency_key_reused")
WRONG_PASSWORD, ENDED = (403, "current_password_wrong"), (401, "invalid_token")
WRONG_LINK, TOO_MANY = (404, "link_code_invalid"), (429, "rate_limited")
WRONG_CODE, EXHAUSTED = (403, "code_wrong"), (403, "code_exhausted")
WRONG_FACTS, WRONG_FAMILY = (404, "claim_not_matched"), (404, "key_request_not_matched")
WRONG_ANSWERS, NO_MORE_ANSWERS = (403, "answers_wrong"), (403, "answers_exhausted")
ANSWERS = {"first_pet": "Rex", "favorite_food": "Peach pie", "first_street": "Oak Lane"}


async def sign_in(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.on_another_device().sign_in(password=proof)


async def activate_again(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.on_another_device().activate(ONCE, password=proof, password_confirm=proof)


async def change_password(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.change_password(NEW_PASSWORD, current_password=proof)


async def set_address(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.set_address(ADDRESS, current_password=proof)


async def set_answers(rosa: Owner, proof: str) -> httpx.Response:
    answers = [{"question_id": question, "answer": answer} for question, answer in ANSWERS.items()]
    body = {"current_password": proof, "challenge_answers": answers}
    return await rosa.ask("PUT", "/me/challenge-answers", json=body)


async def answer(rosa: Owner, proof: str) -> httpx.Response:
    who = {"district": rosa.district, "portal": rosa.portal, "username": rosa.username}
    ticket = (await rosa.http.post("/password-reset/questions", json=who)).json()["ticket"]
    given = {**ANSWERS, "first_pet": proof}
    answers = [{"question_id": question, "answer": answer} for question, answer in given.items()]
    return await rosa.http.post("/password-reset/answers", json={"ticket": ticket, "answers": answers})


async def claim(rosa: Owner, proof: str) -> httpx.Response:
    """The account of her child, with a first name."""
    facts = {"last_name": "Diaz", "first_name": proof, "student_number": CARLA}
    return await rosa.http.post("/activate/claim", json={"district": rosa.district, **facts})


async def ask_for_key(rosa: Owner, proof: str) -> httpx.Response:
    """For the other guardian of her child, with a first name."""
    facts = {"guardian_last_name": "Diaz", "guardian_first_name": proof, "student_number": CARLA}
    return await rosa.http.post("/activate/key-requests", json={"district": rosa.district, **facts})


async def step_up(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.ask("POST", "/me/step-up", json={"password": proof})


async def type_code(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.confirm_in_app(code=proof)


async def link(rosa: Owner, proof: str) -> httpx.Response:
    return await rosa.ask("POST", "/districts/link", json={"code": proof})


@dataclass(frozen=True)
class Guesses:
    """What twelve wrong guesses at a door are told, and the right one after them; and how many passwords were verified."""

    at: Callable[[Owner, str], Awaitable[httpx.Response]]
    told: list[tuple[int, str]]
    then: tuple[int, str]
    verified: int


GUESSED = {
    "POST /login": Guesses(sign_in, [INVALID] * 3 + [ASKED] * 9, ASKED, verified=3),
    "POST /activate": Guesses(activate_again, [REUSED] * 12, REUSED, verified=3),
    "PUT /me/password": Guesses(change_password, [WRONG_PASSWORD] * 5 + [ENDED] * 7, ENDED, verified=5),
    "PUT /me/recovery-email": Guesses(set_address, [WRONG_PASSWORD] * 5 + [ENDED] * 7, ENDED, verified=5),
    "PUT /me/challenge-answers": Guesses(set_answers, [WRONG_PASSWORD] * 5 + [ENDED] * 7, ENDED, verified=5),
    "POST /activate/claim": Guesses(claim, [WRONG_FACTS] * 2 + [ASKED] * 10, ASKED, verified=0),
    "POST /activate/key-requests": Guesses(ask_for_key, [WRONG_FAMILY] * 12, WRONG_FAMILY, verified=0),
    "POST /password-reset/answers": Guesses(
        answer, [WRONG_ANSWERS] * 5 + [NO_MORE_ANSWERS] * 7, NO_MORE_ANSWERS, verified=5
    ),
    "POST /districts/link": Guesses(link, [WRONG_LINK] * 10 + [TOO_MANY] * 2, TOO_MANY, verified=0),
    "POST /me/step-up": Guesses(step_up, [WRONG_PASSWORD] * 5 + [ENDED] * 7, ENDED, verified=5),
    "POST /me/recovery-email/confirm": Guesses(type_code, [WRONG_CODE] * 5 + [EXHAUSTED] * 7, EXHAUSTED, verified=0),
}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(Settings())


@pytest.fixture
async def rosa(server: Server, post: Post) -> Owner:
    """She has activated her account a moment ago, in a state where accounts can be linked, and waits for a code by mail.

    She has answered the challenge questions; her child has no account yet.
    """
    wake = await Office.open(server, "wake", "Wake County Schools", "NC")
    await wake.set("features.claim=true", "features.challenge_questions=true", "claim.delay_hours=0")
    await wake.set(
        "features.key_request=true", "key_request.fields=guardian_first_name", "key_request.delivery=display"
    )
    await wake.guardian("Otto Diaz", [await wake.student("Carla Diaz", number=CARLA)])
    rosa = Owner.of(await wake.parent("Rosa Diaz"), post)
    assert (await rosa.activate(ONCE)).status_code == 201
    assert (await rosa.set_address(ADDRESS)).status_code == 202
    assert (await set_answers(rosa, rosa.password)).status_code == 204
    return rosa


def test_d20_every_field_of_every_request_is_known_to_be_a_secret_or_none(app: FastAPI) -> None:
    """Whoever adds a field says here what it is; a secret gets a guard with it."""
    for door, operation in operations(app):
        secrets = set(DOORS.get(door, ()))  # a name may be one here that is none elsewhere
        assert set(fields_of(app, operation)) - (NO_SECRETS - secrets) == secrets, door
    assert set(DOORS) <= {door for door, _ in operations(app)}


def test_d20_every_door_that_takes_a_secret_declares_its_rate_limit(app: FastAPI) -> None:
    endpoints = {operation_id(route): route.endpoint for route in iter_route_contexts(app.routes) if route.name}
    for door, operation in operations(app):
        if door in DOORS:
            assert vars(endpoints[operation["operationId"]]).get("limits"), door


def test_d20_every_door_where_guessing_could_help_says_how_it_stops_it(app: FastAPI) -> None:
    guessable = {door for door, secrets in DOORS.items() if GUESSABLE in secrets.values()}
    assert guessable == set(GUESSED)
    for door, operation in operations(app):
        if door in GUESSED:
            status, code = GUESSED[door].told[-1]
            answer = resolved(app.openapi(), operation["responses"][str(status)])
            assert code in answer["content"][MEDIA_TYPE]["examples"], door


@pytest.mark.parametrize("door", GUESSED)
@sqlite_only
async def test_d20_whoever_guesses_at_a_door_is_stopped(server: Server, post: Post, rosa: Owner, door: str) -> None:
    """After some tries the right answer does not help either."""
    guesses = GUESSED[door]
    right = await right_answer(server, post, rosa, guesses)
    before = await server.hashes_computed()
    told = [refused(await guesses.at(rosa, f"{WRONG}{number}")) for number in range(12)]
    assert told == guesses.told
    assert refused(await guesses.at(rosa, right)) == guesses.then
    assert await server.hashes_computed() == before + guesses.verified


async def right_answer(server: Server, post: Post, rosa: Owner, guesses: Guesses) -> str:
    """The code of her mail, her pet, her child, the other guardian, a code that her account in another district shows, else her password."""
    if guesses.at is type_code:
        return (await post.one(CONFIRM)).code
    if guesses.at is answer:
        return ANSWERS["first_pet"]
    if guesses.at in {claim, ask_for_key}:
        return "Carla" if guesses.at is claim else "Otto"
    if guesses.at is not link:
        return rosa.password
    durham = await Office.open(server, "durham", "Durham Public Schools", "NC")
    other = await durham.parent("Rosa Diaz")
    assert (await other.activate()).status_code == 201
    return str((await other.ask("POST", "/districts/link/codes")).json()["code"])


async def test_d20_a_repeated_activation_and_the_sign_in_count_together(rosa: Owner) -> None:
    assert [refused(await activate_again(rosa, WRONG)) for _ in range(2)] == [REUSED] * 2
    assert await guess(rosa, 2) == [INVALID, ASKED]
    assert refused(await activate_again(rosa, rosa.password)) == REUSED


@sqlite_only
async def test_d20_a_repeated_activation_with_the_right_password_ends_the_count(rosa: Owner) -> None:
    for _ in range(3):
        assert [refused(await activate_again(rosa, WRONG)) for _ in range(2)] == [REUSED] * 2
        assert (await activate_again(rosa, rosa.password)).status_code == 201


@sqlite_only
async def test_d20_a_repeated_activation_that_verified_nothing_is_given_back(server: Server, rosa: Owner) -> None:
    for _ in range(4):
        with no_free_place(server):
            assert refused(await activate_again(rosa, rosa.password)) == (503, "overloaded")
    assert (await activate_again(rosa, rosa.password)).status_code == 201


def operations(app: FastAPI) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def fields_of(app: FastAPI, operation: Mapping[str, Any]) -> Iterator[str]:
    """The names of all that a request may hold, in its body with a dot between an object and what is in it."""
    yield from (parameter["name"] for parameter in operation.get("parameters", ()))
    for media_type in operation.get("requestBody", {"content": {}})["content"].values():
        yield from _leaves(app, media_type["schema"])


def _leaves(app: FastAPI, schema: Mapping[str, Any], name: str = "") -> Iterator[str]:
    if "$ref" in schema:
        schema = app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        yield from _leaves(app, schema["items"], name)
    elif "properties" not in schema:
        yield name
    for field, below in schema.get("properties", {}).items():
        yield from _leaves(app, below, f"{name}.{field}" if name else field)
