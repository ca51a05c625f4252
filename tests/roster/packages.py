"""Tiny OneRoster packages, written the way a student information system writes them."""

import csv
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_USERS = {
    "1.1": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
    "1.2": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,"
    "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
    "preferredFamilyName,primaryOrgSourcedId,pronouns",
}
_OTHERS = {
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId",
    "demographics": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
    "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
    "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
}
FILES = {
    "1.1": "academicSessions categories classes classResources courses courseResources demographics enrollments lineItems "
    "orgs resources results users",
}
FILES["1.2"] = (
    f"{FILES['1.1']} lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds resultScoreScales roles "
    "scoreScales userProfiles userResources"
)

Row = dict[str, str]
MOMENT = "2026-08-20T12:00:00.000Z"


@dataclass
class Package:
    """One district of one school, to which a story adds people. `school` is an org of the type school."""

    folder: Path
    version: str = "1.1"
    tables: dict[str, list[Row]] = field(default_factory=dict)
    extra_columns: dict[str, list[str]] = field(default_factory=dict)
    """Columns at the far right, by table."""
    mode: str = "bulk"
    modes: dict[str, str] = field(default_factory=dict)
    """Those of files that have another."""

    def __post_init__(self) -> None:
        self.tables = {name: [] for name in ("orgs", "users", "demographics")} | self.tables
        if self.version == "1.2":
            self.tables["roles"] = []
        self.org("district", kind="district", name="Grand Bend ISD")
        self.org("school", name="Grand Bend High School")

    def org(self, sourced_id: str, *, kind: str = "school", name: str = "A school", **values: str) -> Self:
        return self.row("orgs", sourcedId=sourced_id, type=kind, name=name, **values)

    def student(
        self,
        sourced_id: str = "ana",
        *,
        agents: str = "",
        orgs: str = "school",
        born: str = "2014-11-13",
        **values: str,
    ) -> Self:
        self.person(
            sourced_id, "student", orgs, agentSourcedIds=agents, **{"identifier": f"number-{sourced_id}", **values}
        )
        return self.row("demographics", sourcedId=sourced_id, birthDate=born)

    def adult(
        self,
        sourced_id: str = "maria",
        *,
        role: str = "parent",
        agents: str = "",
        orgs: str = "district",
        **values: str,
    ) -> Self:
        return self.person(sourced_id, role, orgs, agentSourcedIds=agents, **values)

    def person(self, sourced_id: str, role: str, orgs: str, **values: str) -> Self:
        if self.version == "1.2":
            if role:
                self.role(sourced_id, role, orgs)
        else:
            values = {"role": role, "orgSourcedIds": orgs, **values}
        common = {"enabledUser": "true", "username": sourced_id, "givenName": sourced_id.title(), "familyName": "Lopez"}
        return self.row("users", sourcedId=sourced_id, **{**common, **values})

    def role(self, person: str, role: str, org: str = "school", kind: str = "primary") -> Self:
        number = sum(row.get("userSourcedId") == person for row in self.tables["roles"])
        return self.row(
            "roles",
            sourcedId=f"role-{number}-{person}",
            userSourcedId=person,
            roleType=kind,
            role=role,
            orgSourcedId=org,
        )

    def row(self, table: str, **values: str) -> Self:
        self.tables[table].append(values)
        for column in values:
            if column not in self.columns(table):
                self.extra_columns.setdefault(table, []).append(column)
        return self

    def with_metadata(self, table: str, sourced_id: str, column: str, value: str) -> Self:
        """Fills a vendor's column of a row that is there."""
        row = next(row for row in self.tables[table] if row["sourcedId"] == sourced_id)
        row[column] = value
        if column not in self.columns(table):
            self.extra_columns.setdefault(table, []).append(column)
        return self

    def columns(self, table: str) -> list[str]:
        text = _USERS[self.version] if table == "users" else _OTHERS[table]
        return [*text.split(","), *self.extra_columns.get(table, [])]

    def write(self) -> Path:
        """The package as a folder. A table without rows is declared absent."""
        self.folder.mkdir(exist_ok=True)
        for name, rows in self.tables.items():
            if rows:
                self.write_file(f"{name}.csv", self._csv(self.columns(name), rows))
        return self.write_file("manifest.csv", self.manifest()).parent

    def write_file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def edit(self, name: str, old: str, new: str) -> Self:
        """Replaces text in a file that has been written."""
        text = (self.folder / name).read_bytes().decode()
        assert old in text
        self.write_file(name, text.replace(old, new))
        return self

    def zip(self) -> Path:
        """The package as a zip with its files at the root."""
        folder = self.write()
        path = folder.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        return path

    def manifest(self) -> str:
        modes = {
            name: self.modes.get(name, self.mode) if self.tables.get(name) else "absent"
            for name in FILES[self.version].split()
        }
        lines = {"manifest.version": "1.0", "oneroster.version": self.version}
        lines |= {f"file.{name}": mode for name, mode in modes.items()}
        return "propertyName,value\r\n" + "".join(f"{name},{value}\r\n" for name, value in lines.items())

    def _csv(self, columns: list[str], rows: list[Row]) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


@dataclass
class Changes(Package):
    """A delta package: its rows are active, unless `gone` adds them. Empty at first."""

    mode: str = "delta"

    def __post_init__(self) -> None:
        self.tables = {name: [] for name in ("orgs", "users", "demographics")}
        if self.version == "1.2":
            self.tables["roles"] = []

    def row(self, table: str, **values: str) -> Self:
        lifecycle = {} if table in self.modes else {"status": "active", "dateLastModified": MOMENT}
        return super().row(table, **{**lifecycle, **values})

    def gone(self, table: str, sourced_id: str, status: str = "tobedeleted") -> Self:
        return self.row(table, sourcedId=sourced_id, status=status)
