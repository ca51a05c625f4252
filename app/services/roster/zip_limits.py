"""What a zip archive of a roster may be. Everything is decided by its directory, before any of it is unpacked."""

import struct
from pathlib import Path
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
_LONGEST_COMMENT = 65_535
_ENCRYPTED = 0x1


def directory_is_small(path: Path) -> bool:
    """Whether the list of entries is short. Zipfile loads it whole, so that one of a million entries must be refused before."""
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(max(0, size - _END_LENGTH - _LONGEST_COMMENT))
        tail = file.read()
    start = tail.rfind(_END_SIGNATURE)
    if start < 0 or len(tail) - start < _END_LENGTH:
        return True  # no zip at all, which zipfile will say
    directory_bytes: int = struct.unpack_from("<L", tail, start + 12)[0]
    return directory_bytes <= MOST_DIRECTORY_BYTES


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
