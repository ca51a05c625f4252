"""Bodies that are too long are refused before anything reads them, and cost nothing (D33)."""

import time
from collections.abc import AsyncIterator

import pytest

from tests.support.engines import sqlite_only
from tests.support.portal import Server, User, refused

pytestmark = sqlite_only
KILOBYTE = 1_000
JSON = {"Content-Type": "application/json"}


async def in_pieces(length: int, piece: int = 50_000) -> AsyncIterator[bytes]:
    """A body that does not say its length beforehand."""
    yield b'{"password": "'
    for _ in range(length // piece):
        yield b"x" * piece


@pytest.mark.parametrize("path", ["/login", "/activate", "/activate/verify", "/login/refresh", "/login/logout"])
async def test_d33_a_megabyte_is_refused_before_any_hash(server: Server, path: str) -> None:
    before = await server.hashes_computed()
    for length in (1_000 * KILOBYTE, 3_000 * KILOBYTE):
        started = time.perf_counter()
        told = await server.http.post(path, content=b"x" * length, headers=JSON)
        untold = await server.http.post(path, content=in_pieces(length), headers=JSON)
        assert time.perf_counter() - started < 1
        for answer in (told, untold):
            assert refused(answer) == (413, "payload_too_large")
            assert answer.headers["connection"] == "close"
    assert await server.hashes_computed() == before


async def test_d33_no_more_is_read_than_the_limit_allows(server: Server) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000
            yield b"x" * 1_000

    assert refused(await server.http.post("/login", content=endless(), headers=JSON)) == (413, "payload_too_large")
    assert read < 100 * KILOBYTE


async def test_a_false_length_helps_nobody(server: Server) -> None:
    for length in ("10", "0"):
        headers = {**JSON, "Content-Length": length}
        answer = await server.http.post("/login", content=in_pieces(1_000 * KILOBYTE), headers=headers)
        assert refused(answer) == (413, "payload_too_large")


async def test_a_body_that_just_fits_is_read(maria: User) -> None:
    await maria.activate()
    answer = await maria.http.post("/login", content=b" " * 65_000 + b"{}", headers=JSON)
    assert refused(answer) == (422, "validation_failed")
    answer = await maria.http.post("/login", content=b" " * 65_536 + b"{}", headers=JSON)
    assert refused(answer) == (413, "payload_too_large")


async def test_long_fields_are_refused_before_any_look_up(server: Server, maria: User) -> None:
    before = await server.hashes_computed()
    for name, length in (("username", 129), ("district", 65), ("activation_key", 101), ("locale", 36)):
        answer = await maria.activate(**{name: "x" * length})
        assert refused(answer) == (422, "validation_failed")
        assert f"/{name}" in {error["pointer"] for error in answer.json()["errors"]}
    assert await server.hashes_computed() == before


async def test_a_body_of_nothing_but_faults_gets_no_longer_answer_than_the_specification_allows(server: Server) -> None:
    """Eight thousand unknown fields fit into a body; naming them all would multiply it by twenty."""
    answer = await server.http.post("/login", json={f"f{number}": 1 for number in range(5_000)})
    assert refused(answer) == (422, "validation_failed")
    assert len(answer.json()["errors"]) <= 200
    answer = await server.http.post("/login", json={"x" * 60_000: 1})
    assert refused(answer) == (422, "validation_failed")
    assert all(len(error["pointer"]) <= 1_000 for error in answer.json()["errors"])


async def test_a_body_cut_off_by_the_client_harms_nobody(maria: User) -> None:
    answer = await maria.http.post("/activate", content=b'{"district": "jack', headers=JSON)
    assert refused(answer) == (400, "malformed_json")
    assert (await maria.activate()).status_code == 201
