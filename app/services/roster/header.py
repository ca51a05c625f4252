"""The header of a file: which of the standard's columns it has, and where."""

from collections.abc import Sequence

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.layout import WHOLE_SSN_COLUMNS, Layout
from app.services.roster.report import Findings


def check_header(columns: Sequence[str], layout: Layout, findings: Findings) -> bool:
    """Whether the rows below can be read. Names that the standard does not know are never repeated: without a header, they are people's."""
    if layout.file in findings.damaged:
        return False
    if not columns:
        findings.damage(FaultCode.EMPTY_FILE, layout.file)
    elif layout.filled[0] not in columns:
        findings.damage(FaultCode.BAD_HEADER, layout.file, 1, layout.filled[0])
    else:
        _check_names(columns, layout, findings)
        _check_presence(columns, layout, findings)
        _check_order(columns, layout, findings)
    return layout.file not in findings.damaged


def _check_names(columns: Sequence[str], layout: Layout, findings: Findings) -> None:
    known = {name.lower(): name for name in (*layout.columns, *layout.filled, *layout.metadata, *layout.known)}
    extra = 0
    seen: set[str] = set()
    for column in columns:
        name = known.get(column.strip().lower())
        if column.lower() in WHOLE_SSN_COLUMNS:
            findings.damage(FaultCode.SSN_LAST4_ONLY, layout.file, 1, column)
        elif name is None:
            extra += not column.startswith("metadata.")
        elif name in seen:
            findings.damage(FaultCode.DUPLICATE_COLUMN, layout.file, 1, name)
        elif name != column:
            findings.damage(FaultCode.BAD_HEADER, layout.file, 1, name)
        if name:
            seen.add(name)
    if extra:
        findings.warn(WarningCode.EXTRA_COLUMN, layout.file, 1, count=extra)


def _check_presence(columns: Sequence[str], layout: Layout, findings: Findings) -> None:
    present = {column.strip().lower() for column in columns}
    for name in dict.fromkeys((*layout.columns, *layout.filled)):
        if name.lower() in present:
            continue
        if name in layout.filled or name in layout.optional:
            findings.damage(FaultCode.MISSING_COLUMN, layout.file, 1, name)
        else:
            findings.warn(WarningCode.MISSING_OPTIONAL_COLUMN, layout.file, 1, name)


def _check_order(columns: Sequence[str], layout: Layout, findings: Findings) -> None:
    present = [name for name in layout.columns if name in columns]
    if list(columns[: len(present)]) != present:
        findings.warn(WarningCode.COLUMNS_OUT_OF_ORDER, layout.file, 1)
