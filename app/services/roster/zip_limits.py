"""What a zip archive of a roster may be. Everything is decided by its directory, before any of it is unpacked."""

import os
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.report import Findings

MOST_ENTRIES = 100
MOST_DIRECTORY_BYTES = 64 * 1024
MOST_TOTAL_BYTES = 4 << 30
MOST_RATIO = 200
"""Rosters shrink to a tenth, blank ones to a fiftieth; a bomb shrinks to a thousandth."""
SMALL_BYTES = 1 << 20
"""Below this no ratio is dangerous."""

_END_SIGNATURE = b"PK\x05\x06"
_END_LENGTH = 22
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_LOCATOR_LENGTH = 20
_LONGEST_COMMENT = 65_535
_ENCRYPTED = 0x1


def directory_is_small(file: BinaryIO) -> bool:
    """Whether the list of entries is short. Zipfile loads it whole, so that one of a million entries must be refused before.

    Every record that might be taken for the end counts, and none may refer to a ZIP64 record, which no roster needs.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LOCATOR_LENGTH - _END_LENGTH - _LONGEST_COMMENT))
    tail = file.read()
    start = -1
    while (start := tail.find(_END_SIGNATURE, start + 1)) >= 0:
        record = tail[start : start + _END_LENGTH]
        locator = tail[max(0, start - _LOCATOR_LENGTH) : start]
        is_whole = len(record) == _END_LENGTH
        if is_whole and (locator.startswith(_LOCATOR_SIGNATURE) or _directory_bytes(record) > MOST_DIRECTORY_BYTES):
            return False
    return True


def _directory_bytes(record: bytes) -> int:
    return int.from_bytes(record[12:16], "little")


def checked_entries(archive: ZipFile, name: str, findings: Findings) -> list[ZipInfo]:
    """The entries at the top of the archive, with a fault for each rule that the archive breaks."""
    entries = []
    for entry in archive.infolist():
        if entry.filename.startswith("__MACOSX/"):  # what macOS adds to every archive
            findings.warn(WarningCode.OTHER_FILE_IGNORED, name)
        elif fault := _fault(entry):
            findings.fault(fault, name)
        else:
            entries.append(entry)
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_TOTAL_BYTES:
        findings.fault(FaultCode.ZIP_TOO_LARGE, name)
    if len({entry.filename for entry in entries}) < len(entries):
        findings.fault(FaultCode.DUPLICATE_FILE, name)
    return entries


def _fault(entry: ZipInfo) -> FaultCode | None:
    # orig_filename: zipfile cuts names at a NUL, and turns the separators of other systems round.
    if any(c in entry.orig_filename for c in "/\\\0"):
        return FaultCode.NESTED_FOLDER
    if entry.flag_bits & _ENCRYPTED:
        return FaultCode.ZIP_ENCRYPTED
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        return FaultCode.ZIP_UNSUPPORTED
    if entry.file_size > max(SMALL_BYTES, MOST_RATIO * entry.compress_size):
        return FaultCode.ZIP_TOO_LARGE
    return None
