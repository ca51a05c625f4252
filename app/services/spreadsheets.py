"""Tables as CSV, for paper and for spreadsheets."""

import csv
from collections.abc import Iterable
from io import StringIO

_FORMULA_BEGINS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  # spreadsheets take the wide forms for the narrow ones


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """What a spreadsheet would run as a formula stands behind an apostrophe (CWE-1236): `'=cmd` instead of `=cmd`."""
    return f"'{cell}" if cell.startswith(_FORMULA_BEGINS) else cell
