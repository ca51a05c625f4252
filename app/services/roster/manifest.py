"""manifest.csv: the version of the package, and what it says of each file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.services.roster.codes import FaultCode, WarningCode
from app.services.roster.csv_file import CsvFile
from app.services.roster.layout import READ_FILES, REQUIRED_FILES
from app.services.roster.package import Package, Refused
from app.services.roster.progress import Meter, no_progress
from app.services.roster.report import Findings
from app.services.roster.standard import FILES

NAME = "manifest.csv"
_COLUMNS = ["propertyName", "value"]
_MODES = frozenset({"bulk", "delta", "absent"})
_OTHER_PROPERTIES = frozenset({"manifest.version", "oneroster.version", "source.systemName", "source.systemCode"})


@dataclass(frozen=True)
class Manifest:
    version: str
    """1.1 or 1.2."""
    modes: Mapping[str, str]
    """`bulk`, `delta` or `absent` for each file of the version, without `.csv`."""
    is_sds: bool = False
    """There is none: the package is of Microsoft School Data Sync."""

    @property
    def sent(self) -> frozenset[str]:
        """Names of the files that it says are in the package."""
        return frozenset(name for name, mode in self.modes.items() if mode != "absent")

    @property
    def is_changes(self) -> bool:
        """Whether a file that is read holds changes only. What the package does not have is then left as it is."""
        return any(self.modes.get(name) == "delta" for name in READ_FILES[self.version])


def read_manifest(package: Package, findings: Findings) -> Manifest:
    """The manifest, checked against the files that are there. With missing files it is worth reading the others for their faults.

    Raises:
        Refused: there is no manifest, or none that this service can follow; the faults say why.
    """
    if NAME not in package.sizes:
        _check_names(package, (), findings)
        findings.fault(FaultCode.MISSING_MANIFEST, NAME)
        raise Refused
    properties = _properties(package, findings)
    version = _version(properties, findings)
    _check_names(package, FILES[version], findings)
    modes = {name: _mode(properties, name, findings) for name in sorted(FILES[version])}
    _check_presence(package, properties, modes, version, findings)
    return Manifest(version, modes)


_Properties = Mapping[str, tuple[int, str]]


def _properties(package: Package, findings: Findings) -> _Properties:
    """Row and value of each property."""
    properties: dict[str, tuple[int, str]] = {}
    with package.open(NAME) as stream:
        for row, name, value in _rows(CsvFile(stream, NAME, findings, Meter(no_progress, "", 0)), findings):
            if name in properties:
                findings.fault(FaultCode.DUPLICATE_PROPERTY, NAME, row, "propertyName")
            properties[name] = row, value
    if NAME in findings.damaged:
        raise Refused
    return properties


def _rows(file: CsvFile, findings: Findings) -> Iterator[tuple[int, str, str]]:
    if file.columns != _COLUMNS:
        findings.damage(FaultCode.BAD_HEADER, NAME, 1)
        raise Refused
    for row, (name, value) in file:
        yield row, name.strip(), value.strip()


def _version(properties: _Properties, findings: Findings) -> str:
    for name, allowed in (("manifest.version", {"1.0"}), ("oneroster.version", FILES.keys())):
        row, value = properties.get(name, (None, ""))
        if row is None:
            findings.damage(FaultCode.MISSING_PROPERTY, NAME, None, name)
        elif value not in allowed:
            findings.damage(FaultCode.UNSUPPORTED_VERSION, NAME, row, "value")
    if NAME in findings.damaged:
        raise Refused
    return properties["oneroster.version"][1]


def _check_names(package: Package, known: Iterable[str], findings: Findings) -> None:
    """A file in the wrong case would be overlooked, so it is a fault; `known` is empty where the version is not known."""
    expected = {f"{name}.csv" for name in known} | {NAME}
    by_folded = {name.lower(): name for name in expected}
    for name in package.sizes.keys() - expected:
        shown = name if name.isprintable() else "?"
        if name.lower() in by_folded:
            findings.fault(FaultCode.FILE_NAME_CASE, shown)
        elif known:
            findings.warn(WarningCode.UNKNOWN_FILE, shown)


def _mode(properties: _Properties, name: str, findings: Findings) -> str:
    row, mode = properties.get(f"file.{name}", (None, "absent"))
    if mode not in _MODES:
        findings.fault(FaultCode.BAD_MODE, NAME, row, "value")
    return mode


def _check_presence(
    package: Package, properties: _Properties, modes: Mapping[str, str], version: str, findings: Findings
) -> None:
    is_needed = any(modes[name] != "absent" for name in READ_FILES[version])
    is_changes = any(modes[name] == "delta" for name in READ_FILES[version])
    for name, mode in modes.items():
        file = f"{name}.csv"
        is_there = file in package.sizes
        is_declared = f"file.{name}" in properties
        if is_there and not is_declared:
            findings.fault(FaultCode.UNDECLARED_FILE_PRESENT, file)
        elif is_there and mode == "absent":
            findings.fault(FaultCode.ABSENT_FILE_PRESENT, file)
        elif not is_there and mode != "absent":
            findings.fault(FaultCode.DECLARED_FILE_MISSING, file)
        elif is_needed and mode == "absent" and name in REQUIRED_FILES[version] and not is_changes:
            findings.fault(FaultCode.REQUIRED_FILE_ABSENT, file)
        if not is_declared:
            findings.warn(WarningCode.UNDECLARED_FILE, file)
    if not is_needed:
        findings.warn(WarningCode.NOTHING_TO_READ, NAME)
    unknown = properties.keys() - {f"file.{name}" for name in modes} - _OTHER_PROPERTIES
    for name in unknown:
        findings.warn(WarningCode.UNKNOWN_PROPERTY, NAME, properties[name][0], "propertyName")
