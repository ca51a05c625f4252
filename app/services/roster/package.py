"""A OneRoster package: a folder, or a zip that is read where it lies. Nothing is ever extracted to disk."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.report import Findings
from app.services.roster.zip_limits import checked_entries, directory_is_small

MOST_BYTES = 1 << 30
"""Of one file. 200,000 users are some 20 MB."""


class Refused(Exception):
    """The faults are recorded; reading on makes no sense."""


@dataclass(frozen=True)
class Package:
    name: str
    sizes: Mapping[str, int]
    """Bytes of each CSV file, by its name."""
    open: Callable[[str], BinaryIO]


@dataclass(frozen=True)
class ReceivedZip:
    """A zip that came over the network, in an open file that needs no name anywhere."""

    file: BinaryIO
    name: str = "roster.zip"
    """What the findings call it."""


@contextmanager
def open_package(source: Path | ReceivedZip, findings: Findings) -> Iterator[Package]:
    """The package at a path, or in a file.

    Raises:
        Refused: it is none.
    """
    if isinstance(source, ReceivedZip):
        with _open_zip(source.name, source.file, findings) as archive:
            yield _zip(source.name, archive, findings)
    elif source.is_dir():
        yield _folder(source, findings)
    elif source.is_file():
        with source.open("rb") as file, _open_zip(source.name, file, findings) as archive:
            yield _zip(source.name, archive, findings)
    else:
        findings.fault(FaultCode.PACKAGE_NOT_FOUND, source.name)
        raise Refused


def _folder(path: Path, findings: Findings) -> Package:
    sizes: dict[str, int] = {}
    for entry in sorted(path.iterdir()):
        if entry.is_file() and _is_csv(entry.name):
            sizes[entry.name] = entry.stat().st_size
        else:
            findings.warn(WarningCode.OTHER_FILE_IGNORED, path.name)
    _refuse_giants(sizes, findings)
    return Package(path.name, sizes, lambda name: (path / name).open("rb"))


def _open_zip(name: str, file: BinaryIO, findings: Findings) -> ZipFile:
    if not directory_is_small(file):
        findings.fault(FaultCode.ZIP_TOO_LARGE, name)
        raise Refused
    try:
        return ZipFile(file)
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        findings.fault(FaultCode.NOT_A_ZIP, name)
        raise Refused from None


def _zip(name: str, archive: ZipFile, findings: Findings) -> Package:
    entries = checked_entries(archive, name, findings)
    if findings.fault_count:
        raise Refused
    sizes = {entry.filename: entry.file_size for entry in entries if _is_csv(entry.filename)}
    if others := len(entries) - len(sizes):
        findings.warn(WarningCode.OTHER_FILE_IGNORED, name, count=others)
    _refuse_giants(sizes, findings)

    def opened(file: str) -> BinaryIO:
        try:
            stream = archive.open(file)
        except (NotImplementedError, RuntimeError, OSError) as fault:  # flags and places that cannot be right
            raise BadZipFile from fault
        return io.BufferedReader(stream, 1 << 16)  # type: ignore[type-var]  # typeshed wants RawIOBase; readinto is all it needs

    return Package(name, sizes, opened)


def _is_csv(name: str) -> bool:
    return name.lower().endswith(".csv")


def _refuse_giants(sizes: Mapping[str, int], findings: Findings) -> None:
    giants = [name for name, size in sizes.items() if size > MOST_BYTES]
    for name in giants:
        findings.fault(FaultCode.FILE_TOO_LARGE, name)
    if giants:
        raise Refused
