"""From a package to a roster in memory, or to a list of faults. Touches no database."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

from app.services.roster.codes import FaultCode
from app.services.roster.completeness import check_completeness
from app.services.roster.conformance import Conformance
from app.services.roster.csv_file import CsvFile
from app.services.roster.demographics import read_demographics
from app.services.roster.layout import LAYOUTS, READ_FILES
from app.services.roster.links import link
from app.services.roster.manifest import Manifest, read_manifest
from app.services.roster.orgs import read_orgs
from app.services.roster.package import Package, ReceivedZip, Refused, open_package
from app.services.roster.people import Roster
from app.services.roster.progress import Meter, Progress
from app.services.roster.report import Findings
from app.services.roster.roles import read_roles
from app.services.roster.sds import LAYOUTS as SDS_LAYOUTS
from app.services.roster.sds import RELATIONSHIPS, as_one_roster, read_relationships, sds_manifest
from app.services.roster.table import Rows, Table
from app.services.roster.users import read_users_1_1, read_users_1_2
from app.services.roster.values import SsnDigests


def read_roster(
    source: Path | ReceivedZip, ssn_digests: SsnDigests, findings: Findings, progress: Progress
) -> Roster | None:
    """What the package says, None where it says nothing that is read. It may be used only if `findings` has no faults."""
    try:
        with open_package(source, findings) as package:
            manifest = sds_manifest(package, findings) or read_manifest(package, findings)
            roster = _Reading(package, manifest, ssn_digests, findings, progress).roster()
            return None if manifest.sent.isdisjoint(READ_FILES[manifest.version]) else roster
    except Refused:
        pass
    except (BadZipFile, zlib.error, EOFError):
        findings.fault(FaultCode.ZIP_DAMAGED, source.name)
    except OSError:
        findings.fault(FaultCode.FILE_UNREADABLE, source.name)
    return None


class _Reading:
    """The files in the order of their references: orgs, users, roles, demographics."""

    def __init__(
        self, package: Package, manifest: Manifest, ssn_digests: SsnDigests, findings: Findings, progress: Progress
    ) -> None:
        self._package = package
        self._manifest = manifest
        self._ssn_digests = ssn_digests
        self._findings = findings
        self._layouts = (SDS_LAYOUTS if manifest.is_sds else LAYOUTS)[manifest.version]
        self._orgs = Table(self._layouts["orgs"], findings)
        self._users = Table(self._layouts["users"], findings)
        self._conformance = Conformance(manifest.version, findings) if findings.strict else None
        files = (f"{name}.csv" for name in (manifest.sent if findings.strict else READ_FILES[manifest.version]))
        self._meter = Meter(progress, "reading", sum(package.sizes.get(file, 0) for file in files))

    def roster(self) -> Roster:
        orgs, users, digests = self._orgs, self._users, self._ssn_digests
        roster = Roster()
        roster.schools = read_orgs(orgs, self._rows(orgs), self._manifest.version)
        if self._manifest.version == "1.1":
            roster.people = read_users_1_1(users, self._rows(users), digests, orgs, roster.schools)
        else:
            roster.people = read_users_1_2(users, self._rows(users), digests)
            roles = Table(self._layouts["roles"], self._findings)
            read_roles(roles, self._rows(roles), roster.people, users, orgs, roster.schools)
        demographics = Table(self._layouts["demographics"], self._findings)
        read_demographics(demographics, self._rows(demographics), roster.people, users, digests)
        if self._manifest.is_sds:
            relationships = Table(RELATIONSHIPS, self._findings)
            read_relationships(relationships, self._rows(relationships), roster, users)
        link(roster, users)
        if self._conformance:
            self._conformance.check_others(self._manifest.sent, self._rows)
        if not self._findings.fault_count:
            check_completeness(roster, users)
        return roster

    def _rows(self, table: Table) -> Rows:
        if table.file.removesuffix(".csv") not in self._manifest.sent or table.file not in self._package.sizes:
            # Whether it may be missing was said with the manifest. References to it cannot be checked.
            self._findings.damaged.add(table.file)
            return
        if self._conformance:
            self._conformance.watch(table)
        with self._package.open(table.file) as stream:
            rows = table.rows(CsvFile(stream, table.file, self._findings, self._meter))
            yield from as_one_roster(self._manifest.version, table.file, rows) if self._manifest.is_sds else rows
