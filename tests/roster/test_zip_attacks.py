"""A zip comes from outside: nothing of it is extracted, and nothing of it may fill the memory."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.services.roster.zip_limits import MOST_ENTRIES
from tests.roster.office import Office, faults
from tests.roster.packages import Package
from tests.support.engines import sqlite_only

pytestmark = sqlite_only  # nothing here depends on the engine

Attack = Callable[[zipfile.ZipFile], None]


@pytest.fixture
def archive(package_1_1: Package) -> Path:
    """A sound package as a zip."""
    return package_1_1.student("ana", agents="maria").adult("maria").zip()


async def codes(office: Office, path: Path) -> set[str]:
    before = await office.everything()
    report = await office.roster(path)
    assert await office.everything() == before
    assert {fault.file for fault in report.errors} == {path.name}
    return {code for _, _, _, code in faults(report)}


def add(name: str, content: str = "x", method: int = zipfile.ZIP_DEFLATED) -> Attack:
    def attack(archive: zipfile.ZipFile) -> None:
        archive.writestr(name, content, method)

    return attack


def add_many(archive: zipfile.ZipFile) -> None:
    for number in range(MOST_ENTRIES + 1):
        archive.writestr(f"file-{number}.txt", "")


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (add("roster/users.csv"), "nested_folder"),
        (add("../users.csv"), "nested_folder"),
        (add("/etc/users.csv"), "nested_folder"),
        (add("..\\users.csv"), "nested_folder"),
        (add("folder/"), "nested_folder"),
        (add("classes.csv", "0" * 20_000_000), "zip_too_large"),
        (add("classes.csv", method=zipfile.ZIP_LZMA), "zip_unsupported"),
        (add("classes.csv", method=zipfile.ZIP_BZIP2), "zip_unsupported"),
        (add_many, "zip_too_large"),
    ],
)
async def test_a_zip_that_is_more_than_a_roster(office: Office, archive: Path, attack: Attack, code: str) -> None:
    with zipfile.ZipFile(archive, "a") as content:
        attack(content)

    assert await codes(office, archive) == {code}


async def test_two_files_of_one_name(office: Office, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as content, pytest.warns(UserWarning, match="Duplicate name"):
        content.writestr("users.csv", "x")

    assert await codes(office, archive) == {"duplicate_file"}


async def test_what_macos_adds_is_passed_over(office: Office, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as content:
        content.writestr("__MACOSX/._users.csv", "x")
        content.writestr(".DS_Store", "x")

    report = await office.accept(archive)

    assert [(warned.code.value, warned.count) for warned in report.warnings] == [("other_file_ignored", 2)]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06", b"%PDF-1.7 " * 1000])
async def test_no_zip_at_all(office: Office, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(content)

    assert await codes(office, path) == {"not_a_zip"}


async def test_an_encrypted_zip(office: Office, archive: Path) -> None:
    mark_as_encrypted(archive)

    assert await codes(office, archive) == {"zip_encrypted"}


async def test_a_damaged_zip(office: Office, archive: Path) -> None:
    damage(archive, "users.csv")

    assert "zip_damaged" in {code for _, _, _, code in faults(await office.roster(archive))}


async def test_a_directory_of_a_million_entries_is_not_even_loaded(office: Office, archive: Path) -> None:
    announce_directory_of(archive, 46_000_000)

    assert await codes(office, archive) == {"zip_too_large"}


async def test_nor_is_one_that_a_second_record_announces(office: Office, archive: Path) -> None:
    announce_zip64_directory(archive)

    assert await codes(office, archive) == {"zip_too_large"}


async def test_a_zip_inside_a_zip_is_a_file_like_any_other(office: Office, archive: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as content:
        content.writestr("users.csv", "x")
    with zipfile.ZipFile(archive, "a") as content:
        content.writestr("more.zip", inner.getvalue())

    report = await office.accept(archive)

    assert [warned.code.value for warned in report.warnings] == ["other_file_ignored"]


def mark_as_encrypted(path: Path) -> None:
    """Sets the flag in the header of each entry, and in the directory."""
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(signature), bytes(content)):
            content[match.start() + flags] |= 1
    path.write_bytes(content)


def damage(path: Path, name: str) -> None:
    """Turns a byte in the middle of an entry's data."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 30 + len(name) + entry.compress_size // 2] ^= 0xFF
    path.write_bytes(content)


def announce_directory_of(path: Path, size: int) -> None:
    """Writes another size of the directory into the record at the end."""
    content = bytearray(path.read_bytes())
    struct.pack_into("<L", content, content.rfind(b"PK\x05\x06") + 12, size)
    path.write_bytes(content)


def announce_zip64_directory(path: Path) -> None:
    """Puts a ZIP64 record of a huge directory, and the locator that leads to it, before the record at the end."""
    content = path.read_bytes()
    end = content.rfind(b"PK\x05\x06")
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 46_000_000, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    path.write_bytes(content[:end] + record + locator + content[end:])
