"""Property: whatever happened to a file on its way, an import makes all of it or nothing, and never breaks down."""

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import given as for_all
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.models import Account, ActivationKey
from app.security.activation_codes import new_activation_code
from app.security.foreign_hashes import HashRefusal, refusal_of
from tests.support.moving_in import ACCOUNT_COLUMNS, KEY_COLUMNS, account_row, csv_of, key_row, new_parent, number_of
from tests.support.office import Office

DAMAGES = 150
HASH = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA"
Damage = Callable[[random.Random, bytes], bytes]


async def test_a_damaged_file_of_accounts_is_taken_whole_or_not_at_all(office: Office, tmp_path: Path) -> None:
    parents = [await new_parent(office, f"rosa{number}") for number in range(5)]
    sound = csv_of(ACCOUNT_COLUMNS, [account_row(parent, HASH, f"{parent.username}@a.org") for parent in parents])
    file, chance = tmp_path / "accounts.csv", random.Random(8)  # noqa: S311  # damage is no secret
    ends = set()
    for _ in range(DAMAGES):
        file.write_bytes(damaged(chance, sound))
        before = await number_of(office, Account)
        report = await office.campus.account_import.run(office.operator, file)
        assert await number_of(office, Account) - before == report.counts.created
        assert not (report.errors and report.counts.created)
        ends.add((bool(report.errors), bool(report.counts.created)))
    assert ends >= {(True, False), (False, True)}
    assert await number_of(office, Account) <= len(parents)


async def test_a_damaged_file_of_keys_is_taken_whole_or_not_at_all(office: Office, tmp_path: Path) -> None:
    parents = [await new_parent(office, f"rosa{number}") for number in range(5)]
    sound = csv_of(KEY_COLUMNS, [key_row(parent, new_activation_code()) for parent in parents])
    file, chance = tmp_path / "keys.csv", random.Random(8)  # noqa: S311  # damage is no secret
    ends = set()
    for _ in range(DAMAGES):
        file.write_bytes(damaged(chance, sound))
        before = await number_of(office, ActivationKey)
        report = await office.campus.key_import.run(office.operator, file)
        assert await number_of(office, ActivationKey) - before == report.counts.created
        assert not (report.errors and report.counts.created)
        ends.add((bool(report.errors), bool(report.counts.created)))
    assert ends >= {(True, False), (False, True)}


@hypothesis_settings(max_examples=300, deadline=None)
@for_all(st.text() | st.from_regex(r"\$(argon2id|2b|scrypt|pbkdf2-sha512)\$[$=,mtplnr0-9./A-Za-z]{0,60}"))
def test_whatever_stands_where_a_hash_should_be_is_judged(stored: str) -> None:
    assert refusal_of(stored) in {*HashRefusal, None}
    assert refusal_of(HASH) is None


def damaged(chance: random.Random, sound: bytes) -> bytes:
    for _ in range(chance.randint(1, 3)):
        sound = chance.choice(_DAMAGES)(chance, sound)
    return sound


def _cut_off(chance: random.Random, file: bytes) -> bytes:
    return file[: chance.randrange(len(file) + 1)]


def _with_a_strange_byte(chance: random.Random, file: bytes) -> bytes:
    place = chance.randrange(len(file) + 1)
    return file[:place] + chance.choice([b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xc3\xa4", b"$"]) + file[place:]


def _without_a_byte(chance: random.Random, file: bytes) -> bytes:
    place = chance.randrange(len(file) + 1)
    return file[:place] + file[place + 1 :]


def _with_lines_shuffled(chance: random.Random, file: bytes) -> bytes:
    lines = file.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def _with_a_line_twice(chance: random.Random, file: bytes) -> bytes:
    lines = file.splitlines(keepends=True) or [b"\r\n"]
    return b"".join([*lines, chance.choice(lines)])


def _in_utf_16(chance: random.Random, file: bytes) -> bytes:
    return file.decode("utf-8", "replace").encode("utf-16") if chance.random() < 0.2 else b"\xef\xbb\xbf" + file


_DAMAGES: list[Damage] = [
    _cut_off,
    _with_a_strange_byte,
    _without_a_byte,
    _with_lines_shuffled,
    _with_a_line_twice,
    _in_utf_16,
]
