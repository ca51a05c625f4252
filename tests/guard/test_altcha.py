"""ALTCHA's challenges: what solves one, for what, how long and how often; and what people send instead."""

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import altcha
import pytest
from pydantic import SecretStr

from app.clock import ManualClock
from app.settings import Settings
from tests.guard.stranger import ASKED, INVALID, NOT_SOLVED, WAIT, exhaust, guess, new_captcha, solved
from tests.support.engines import sqlite_only
from tests.support.hash_pools import quick_hashes
from tests.support.office import Office
from tests.support.portal import Server, User, refused, serving
from tests.support.recovery import Owner

Tree = dict[str, Any]


@pytest.fixture
async def asked(maria: Owner) -> Owner:
    """Maria after three misses: each further try needs a CAPTCHA."""
    await guess(maria, 3)
    return maria


def encoded(content: object) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


def decoded(captcha: str) -> Tree:
    content: Tree = json.loads(base64.b64decode(captcha))
    return content


async def refuses(person: User, captcha: str) -> None:
    """The answer brings a fresh challenge."""
    answer = await person.sign_in(captcha=captcha)
    assert refused(answer) == NOT_SOLVED, captcha
    fresh = answer.json()["captcha"]
    assert fresh["challenge"]["parameters"]["nonce"] not in captcha


async def test_a_solved_challenge_counts_once(asked: Owner) -> None:
    captcha = await new_captcha(asked)
    assert await guess(asked, captcha=captcha) == [INVALID]
    await refuses(asked, captcha)
    respelt = encoded(dict(reversed(decoded(captcha).items())))
    assert respelt != captcha
    await refuses(asked, respelt)
    fresh = (await asked.sign_in(captcha=captcha)).json()["captcha"]
    assert (await asked.sign_in(captcha=solved(fresh))).status_code == 200


@sqlite_only
async def test_every_part_of_the_challenge_and_of_its_solution_is_checked(asked: Owner) -> None:
    whole = decoded(await new_captcha(asked))
    whole["solution"].pop("time")
    for altered in alterations(whole):
        await refuses(asked, encoded(altered))
    assert (await asked.sign_in(captcha=encoded(whole))).status_code == 200


def alterations(whole: Tree) -> Iterator[Tree]:
    """The whole with one leaf changed, or one name more."""
    for path in leaves(whole):
        altered = deepcopy(whole)
        *way, last = path
        branch = altered
        for name in way:
            branch = branch[name]
        value = branch[last]
        branch[last] = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
        yield altered
    for name in ("expiresAt", "keySignature", "memoryCost", "parallelism"):
        altered = deepcopy(whole)
        altered["challenge"]["parameters"][name] = None
        yield altered


def leaves(tree: Tree, *way: str) -> Iterator[tuple[str, ...]]:
    for name, value in tree.items():
        yield from leaves(value, *way, name) if isinstance(value, dict) else [(*way, name)]


@sqlite_only
async def test_a_challenge_that_somebody_else_made_opens_nothing(asked: Owner) -> None:
    """Signed with another secret, or not at all; and a true key that does not begin as it must."""
    ours = decoded(await new_captcha(asked))["challenge"]["parameters"]["data"]
    for secret in ("a guess", None):
        made = altcha.create_challenge("PBKDF2/SHA-256", 1, data=ours, hmac_secret=secret)
        await refuses(asked, solved({"provider": "altcha", "challenge": made.to_dict()}))
    genuine = decoded(await new_captcha(asked))
    parameters = altcha.ChallengeParameters.from_dict(genuine["challenge"]["parameters"])
    salt, nonce = bytes.fromhex(parameters.salt), bytes.fromhex(parameters.nonce)
    counters = (number for number in range(1_000) if derive(parameters, salt, nonce, number)[0] != "0")
    counter = next(counters)
    genuine["solution"] = {"counter": counter, "derivedKey": derive(parameters, salt, nonce, counter)}
    await refuses(asked, encoded(genuine))


def derive(parameters: altcha.ChallengeParameters, salt: bytes, nonce: bytes, counter: int) -> str:
    return altcha.derive_key_pbkdf2(parameters, salt, nonce + counter.to_bytes(4)).hex()


@sqlite_only
async def test_a_challenge_is_good_for_ten_minutes(asked: Owner, clock: ManualClock) -> None:
    early, late = await new_captcha(asked), await new_captcha(asked)
    clock.advance(timedelta(minutes=10, seconds=-1))
    assert await guess(asked, captcha=early) == [INVALID]
    clock.advance(timedelta(seconds=1))
    await refuses(asked, late)


@sqlite_only
async def test_a_challenge_is_good_for_one_action_in_one_district(server: Server, asked: Owner) -> None:
    await Office.open(server, "wake", "Wake County Schools", "NC")
    for elsewhere in ({"action": "password_reset"}, {"action": "username_recovery"}, {"district": "wake"}):
        await refuses(asked, await new_captcha(asked, **elsewhere))


@sqlite_only
async def test_rubbish_is_refused_like_a_wrong_solution_and_never_breaks_anything(asked: Owner) -> None:
    whole = decoded(await new_captcha(asked))
    for rubbish in [*unreadable(), *map(encoded, misshapen(whole))]:
        await refuses(asked, rubbish)


def unreadable() -> list[str]:
    deep, number = b"[" * 12_000, b"9" * 10_000
    texts = [deep, b'{"challenge":' + number, b'{"challenge": NaN', b"null", b"\xff\xfe", b'"\\ud800"', b"1e999999"]
    return ["rubbish!", "é" * 100, "====", "A", "A" * 16_384, *(base64.b64encode(text).decode() for text in texts)]


def misshapen(whole: Tree) -> Iterator[object]:
    """JSON of another shape: parts missing, of another type, too deep or too large."""
    nested: object = "end"
    for _ in range(400):
        nested = {"in": [nested]}
    odd: list[Any] = [None, True, -1, 2**70, 1.5, float("nan"), "\ud800", [], {}, {"__proto__": 1}, nested]
    yield from odd
    for path in [("challenge",), ("solution",), ("challenge", "parameters"), *leaves(whole)]:
        for value in ["missing", *odd]:
            altered = deepcopy(whole)
            *way, last = path
            branch = altered
            for name in way:
                branch = branch[name]
            del branch[last]
            if value != "missing":
                branch[last] = value
            if path != ("solution", "time") and altered != whole and not _is_default(path, value):
                yield altered


def _is_default(path: tuple[str, ...], value: object) -> bool:
    """Length and beginning of the key may be left out, as they are the library's own."""
    return value == "missing" and path[-1] in {"keyLength", "keyPrefix"}


@sqlite_only
async def test_what_is_no_text_at_all_is_no_captcha(asked: Owner) -> None:
    no_texts: list[Any] = [None, 5, ["x"], {}, "", "\x00", "x" * 16_385]
    for odd in no_texts:
        assert refused(await asked.sign_in(captcha=odd))[0] in {403, 422}
    assert (await asked.sign_in(captcha=await new_captcha(asked))).status_code == 200


async def test_a_captcha_that_was_not_needed_or_met_a_wait_is_not_spent(maria: Owner, clock: ManualClock) -> None:
    captcha = await new_captcha(maria)
    for _ in range(3):
        assert await guess(maria, captcha=captcha) == [INVALID]
    assert await guess(maria, captcha=captcha) == [INVALID]
    await exhaust(clock, 5, maria)
    captcha = await new_captcha(maria)
    assert await guess(maria, captcha=captcha) == [INVALID]
    captcha = await new_captcha(maria)
    assert await guess(maria, 2, captcha=captcha) == [WAIT] * 2
    clock.advance(timedelta(seconds=30))
    assert (await maria.sign_in(captcha=captcha)).status_code == 200


async def test_while_secret_keys_rotate_challenges_and_counts_of_the_old_key_hold(
    settings: Settings, asked: Owner, clock: ManualClock
) -> None:
    old, new = settings.secret_keys[0], SecretStr("the-next-key-of-these-tests-0123456789abcdef")
    first, second = await new_captcha(asked), await new_captcha(asked)
    async with serving(settings.model_copy(update={"secret_keys": (new, old)}), clock) as rotating:
        with quick_hashes(rotating):
            maria = User(rotating, asked.district, asked.portal, asked.person_id, asked.username)
            assert await guess(maria) == [ASKED]
            assert (await maria.sign_in(captcha=first)).status_code == 200
            await guess(maria, 3)
    async with serving(settings.model_copy(update={"secret_keys": (new,)}), clock) as rotated:
        with quick_hashes(rotated):
            maria = User(rotated, asked.district, asked.portal, asked.person_id, asked.username)
            await refuses(maria, second)


@sqlite_only
async def test_anybody_gets_a_fresh_challenge_for_a_district_and_an_action_that_there_are(maria: Owner) -> None:
    one, another = [
        await maria.http.get("/captcha", params={"district": maria.district, "action": "login"}) for _ in range(2)
    ]
    assert one.json()["provider"] == "altcha"
    assert one.json() != another.json()
    assert one.headers["cache-control"] == "no-store"
    nowhere = await maria.http.get("/captcha", params={"district": "nowhere", "action": "login"})
    assert refused(nowhere) == (404, "district_not_found")
    unknown = await maria.http.get("/captcha", params={"district": maria.district, "action": "everything"})
    assert refused(unknown) == (422, "validation_failed")
