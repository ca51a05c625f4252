"""What the standard says of all that no portal needs. A strict import checks it: the other columns of the files that are read, and the other files."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.services.roster.codes import FaultCode
from app.services.roster.layout import Layout
from app.services.roster.report import Findings
from app.services.roster.standard import FILES, WORDS, Column, column_names
from app.services.roster.table import DELETED, GUID, Check, Rows, Table
from app.services.roster.values import date_of

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_SCALE = re.compile(r"\{[^:{}]+:[^{}]+\}(?:\s*,\s*\{[^:{}]+:[^{}]+\})*")
_CASE_ID = re.compile(r"urn:uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

KINDS: Mapping[str, tuple[Callable[[str], object], FaultCode]] = {
    "boolean": (frozenset({"true", "false"}).__contains__, FaultCode.BAD_BOOLEAN),
    "date": (date_of, FaultCode.BAD_DATE),
    "year": (re.compile(r"[0-9]{4}").fullmatch, FaultCode.BAD_YEAR),
    "integer": (re.compile(r"[+-]?[0-9]+").fullmatch, FaultCode.BAD_NUMBER),
    "number": (_NUMBER.fullmatch, FaultCode.BAD_NUMBER),
    "scale": (_SCALE.fullmatch, FaultCode.BAD_LIST),
}
"""Whether a value is of its kind, and what it is if not."""


@dataclass(frozen=True)
class _Rule:
    """What two values of a row must be to each other; the fault is the second one's."""

    columns: tuple[str, str]
    holds: Callable[[str, str], object]
    code: FaultCode


def _is_range(lowest: str, highest: str) -> bool:
    return not (_NUMBER.fullmatch(lowest) and _NUMBER.fullmatch(highest)) or float(lowest) <= float(highest)


def _is_objective(source: str, objective_id: str) -> object:
    return source != "case" or _CASE_ID.fullmatch(objective_id)


_OBJECTIVE = _Rule(("source", "learningObjectiveId"), _is_objective, FaultCode.BAD_OBJECTIVE_ID)
_RULES = {
    "lineItems": _Rule(("resultValueMin", "resultValueMax"), _is_range, FaultCode.BAD_RANGE),
    "lineItemLearningObjectiveIds": _OBJECTIVE,
    "resultLearningObjectiveIds": _OBJECTIVE,
}


class Conformance:
    """Watches the files of one package as they are read. A dangling sourcedId is one fault for each column, where it comes first."""

    def __init__(self, version: str, findings: Findings) -> None:
        self._version = version
        self._findings = findings
        self._tables: dict[str, Table] = {}
        self._unknown: dict[tuple[Table, Column], dict[str, int]] = {}
        """The rows of sourcedIds that were not there when something pointed to them; they may have come later."""

    def watch(self, table: Table) -> None:
        """Has the columns that `table` does not read itself checked, too."""
        name = table.file.removesuffix(".csv")
        self._tables[name] = table
        read = {*table.layout.filled, *table.layout.optional} - {*table.layout.as_they_are}
        columns = [column for column in FILES[self._version][name] if column.name not in read]
        table.check_of = lambda header: self._check(table, columns, _RULES.get(name), header)

    def check_others(self, modes: Mapping[str, str], rows: Callable[[Table], Rows]) -> None:
        """Reads the files that nobody has read so far, and then says what points to nothing, as far as the package alone tells."""
        sent = {name for name, mode in modes.items() if mode != "absent"}
        for name in sorted(sent - self._tables.keys()):
            layout = Layout(f"{name}.csv", column_names(self._version, name), filled=("sourcedId",))
            deque(rows(Table(layout, self._findings, modes[name], is_open=modes[name] == "delta")), maxlen=0)
        is_whole = "delta" not in modes.values()
        for (table, column), unknown in self._unknown.items():
            target = self._tables.get(column.target or "")
            for sourced_id, row in unknown.items():
                if not (self._is_damaged(column) or (target.knows(sourced_id) if target else not is_whole)):
                    table.fault(FaultCode.DANGLING_REFERENCE, row, column.name)

    def _check(self, table: Table, columns: Sequence[Column], rule: _Rule | None, header: Sequence[str]) -> Check:
        where = {name: index for index, name in enumerate(header)}
        present = [(where[column.name], column) for column in columns if column.name in where]
        pair = [where[name] for name in rule.columns if name in where] if rule else []
        status = where.get("status") if table.mode == "delta" else None

        def check(row: int, fields: Sequence[str]) -> None:
            if status is not None and fields[status].strip() in DELETED:
                return  # it says no more than which row goes
            for index, column in present:
                if value := fields[index].strip():
                    self._check_value(table, row, column, value)
                elif column.is_filled:
                    table.fault(FaultCode.REQUIRED_VALUE_MISSING, row, column.name)
            if rule and len(pair) == len(rule.columns):
                first, second = (fields[index].strip() for index in pair)
                if not rule.holds(first, second):
                    table.fault(rule.code, row, rule.columns[1])

        return check

    def _check_value(self, table: Table, row: int, column: Column, value: str) -> None:
        items = [item.strip() for item in value.split(",")] if column.is_list else [value]
        if not all(items):
            table.fault(FaultCode.BAD_LIST, row, column.name)
        elif column.target:
            for item in items:
                self._check_reference(table, row, column, item)
        elif column.kind:
            is_sound, code = KINDS.get(column.kind) or (self._is_word(column.kind), FaultCode.BAD_ENUM)
            if not all(map(is_sound, items)):
                table.fault(code, row, column.name)

    def _is_word(self, kind: str) -> Callable[[str], bool]:
        words = WORDS[self._version][kind]
        return lambda item: item in words or (self._version == "1.2" and item.startswith("ext:"))

    def _check_reference(self, table: Table, row: int, column: Column, sourced_id: str) -> None:
        target = self._tables.get(column.target or "")
        if not GUID.fullmatch(sourced_id):
            table.fault(FaultCode.BAD_GUID, row, column.name)
        elif not (target and target.knows(sourced_id)):
            self._unknown.setdefault((table, column), {}).setdefault(sourced_id, row)

    def _is_damaged(self, column: Column) -> bool:
        return f"{column.target}.csv" in self._findings.damaged
