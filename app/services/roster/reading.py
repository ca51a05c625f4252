"""From a package to what it says, in memory, or to a list of faults. Touches no database."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

from app.services.roster.codes import FaultCode
from app.services.roster.completeness import check_completeness
from app.services.roster.conformance import Conformance
from app.services.roster.csv_file import CsvFile
from app.services.roster.demographics import Demographics, give_demographics, read_demographics
from app.services.roster.layout import LAYOUTS, READ_FILES, ROLES
from app.services.roster.links import link
from app.services.roster.manifest import Manifest, read_manifest
from app.services.roster.orgs import read_orgs
from app.services.roster.package import Package, ReceivedZip, Refused, open_package
from app.services.roster.people import Roster
from app.services.roster.progress import Meter, Progress
from app.services.roster.report import Findings
from app.services.roster.roles import RoleRow, give_roles, read_roles
from app.services.roster.sds import LAYOUTS as SDS_LAYOUTS
from app.services.roster.sds import RELATIONSHIPS, as_one_roster, read_relationships, sds_manifest
from app.services.roster.table import Rows, Table
from app.services.roster.users import read_users_1_1, read_users_1_2
from app.services.roster.values import SsnDigests


@dataclass
class Sent:
    """What a package says: a whole roster, or changes that `changes.put_over_stored` makes one."""

    version: str
    roster: Roster
    orgs: Table
    users: Table
    roles: Table
    demographics: Table
    is_changes: bool
    """Whether a file of it is a delta. The two lists are empty where none is: the people have theirs already."""
    role_rows: list[tuple[int, str, RoleRow]] = field(default_factory=list)
    births: list[Demographics] = field(default_factory=list)


def read_roster(
    source: Path | ReceivedZip, ssn_digests: SsnDigests, findings: Findings, progress: Progress
) -> Sent | None:
    """What the package says, None where it says nothing that is read. It may be used only if `findings` has no faults."""
    try:
        with open_package(source, findings) as package:
            manifest = sds_manifest(package, findings) or read_manifest(package, findings)
            sent = _Reading(package, manifest, ssn_digests, findings, progress).sent()
            return None if manifest.sent.isdisjoint(READ_FILES[manifest.version]) else sent
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
        self._conformance = Conformance(manifest.version, findings) if findings.strict else None
        files = (f"{name}.csv" for name in (manifest.sent if findings.strict else READ_FILES[manifest.version]))
        self._meter = Meter(progress, "reading", sum(package.sizes.get(file, 0) for file in files))

    def sent(self) -> Sent:
        manifest = self._manifest
        sent = Sent(
            manifest.version,
            Roster(),
            orgs=self._table("orgs"),
            users=self._table("users"),
            roles=self._table("roles"),
            demographics=self._table("demographics"),
            is_changes=manifest.is_changes,
        )
        self._read_people(sent)
        births = read_demographics(sent.demographics, self._rows(sent.demographics), sent.users, self._ssn_digests)
        if sent.is_changes:
            sent.births = list(births)
        else:
            give_demographics(births, sent.roster.people)
            if manifest.is_sds:
                relationships = Table(RELATIONSHIPS, self._findings)
                read_relationships(relationships, self._rows(relationships), sent.roster, sent.users)
            link(sent.roster, sent.users)
        if self._conformance:
            self._conformance.check_others(manifest.modes, self._rows)
        if sent.is_changes:
            return sent
        for table in (sent.orgs, sent.users, sent.roles, sent.demographics):
            table.forget()
        if not self._findings.fault_count:
            check_completeness(sent.roster, sent.users)
        sent.roster.forget_rows()
        return sent

    def _read_people(self, sent: Sent) -> None:
        roster, users, orgs, digests = sent.roster, sent.users, sent.orgs, self._ssn_digests
        roster.schools, roster.other_orgs = read_orgs(orgs, self._rows(orgs), sent.version)
        schools = None if sent.is_changes else roster.schools
        if sent.version == "1.1":
            roster.people = read_users_1_1(users, self._rows(users), digests, orgs, schools)
        else:
            roster.people = read_users_1_2(users, self._rows(users), digests)
            roles = read_roles(sent.roles, self._rows(sent.roles), users, orgs)
            if sent.is_changes:
                sent.role_rows = list(roles)
            else:
                give_roles(sent.roles, roles, roster.people, roster.schools)
        roster.deleted = users.deleted

    def _table(self, name: str) -> Table:
        """In a package of changes the rows of a file stand beside what is stored, unless the file is the whole truth."""
        mode = self._manifest.modes.get(name, "absent")
        layout = self._layouts.get(name, ROLES)  # which 1.1 does not have
        return Table(layout, self._findings, mode, is_open=self._manifest.is_changes and mode != "bulk")

    def _rows(self, table: Table) -> Rows:
        if table.mode == "absent" or table.file not in self._package.sizes:
            if table.mode != "absent" or not self._manifest.is_changes:
                # Whether it may be missing was said with the manifest. References to it cannot be checked.
                self._findings.damaged.add(table.file)
            return
        if self._conformance:
            self._conformance.watch(table)
        with self._package.open(table.file) as stream:
            rows = table.rows(CsvFile(stream, table.file, self._findings, self._meter))
            yield from as_one_roster(self._manifest.version, table.file, rows) if self._manifest.is_sds else rows
