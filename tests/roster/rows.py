"""A model of a roster: the rows of its files as a student information system keeps them, sent as deltas or as one bulk package."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.roster.packages import MOMENT, Package, Row

FILES = ("orgs", "users", "roles", "demographics")
CHILDREN, ADULTS, SCHOOLS = ("ana", "ben"), ("maria", "jose", "tom"), ("north", "south")
KEEPER = "keeper"
"""A student who never changes, so that no file is ever empty."""
SSN_LAST4 = "metadata.ssnLast4"

Edit = tuple[str, str, Row | None]
"""File, sourcedId and the new row; None where it is deleted."""
Pair = tuple[str, str]
"""Guardian and student."""
Table = dict[str, Row]


@dataclass
class Rows:
    """All that was sent and that nothing has replaced; rows about somebody who is gone wait for him."""

    version: str
    digits_in: str
    """The file that has a column for four digits, if any."""
    tables: dict[str, Table] = field(default_factory=lambda: {name: {} for name in FILES})
    named: set[tuple[Pair, str]] = field(default_factory=set)
    """Whose row names the other. Nothing is kept of a name that could not be linked when the row came."""

    def __post_init__(self) -> None:
        self.tables["orgs"]["district"] = {"type": "district", "name": "Grand Bend"}
        for school in SCHOOLS:
            self.tables["orgs"][school] = {"type": "school", "name": school}
        for person in (*CHILDREN, *ADULTS, KEEPER):
            role = "parent" if person in ADULTS else "student"
            self.tables["users"][person] = self.user_row(role=role, orgs="north")
            self.tables["roles"][f"of-{person}"] = role_row(person, role, "north")
            self.tables["demographics"][person] = {"birthDate": "2014-11-13"}
        self.tables["users"]["ana"]["agentSourcedIds"] = "maria,jose"
        self.tables["users"]["maria"]["agentSourcedIds"] = "ana,ben"
        self._name(self.tables["users"], set())
        self._forget()

    def user_row(self, *, role: str, orgs: str, **values: str) -> Row:
        in_1_1 = {"role": role, "orgSourcedIds": orgs} if self.version == "1.1" else {}
        names = {
            "enabledUser": "true",
            "givenName": "A",
            "familyName": "Lopez",
            "username": "x",
            "agentSourcedIds": "",
            "primaryOrgSourcedId": "",
        }
        return {**names, **in_1_1, **values}

    def change(self, folder: Path, edits: Iterable[Edit], whole: str = "") -> Path:
        """Changes rows, and writes the package that says so: a delta, in which one file may be sent as a `whole` beside others."""
        edits = [(file, sourced_id, {**row} if row else None) for file, sourced_id, row in edits]
        if whole == "users":
            edits = [edit for edit in edits if not self._is_about_nobody(edit, edits)]
        whole = whole if any(file != whole for file, _, _ in edits) else ""
        known = {pair for pair, _ in self.named}
        sent: dict[str, dict[str, Row | None]] = {name: {} for name in FILES}
        for file, sourced_id, row in edits:
            sent[file][sourced_id] = row
            if row is None:
                self.tables[file].pop(sourced_id, None)
            else:
                self.tables[file][sourced_id] = row
        self._make_sound(sent, whole)
        if whole:
            sent[whole] = {**self.tables[whole]}
        self._name(sent["users"], known)
        self._forget()
        return self._write(folder, "delta", sent, whole)

    def bulk(self, folder: Path) -> Path:
        """The same as one bulk package, without the rows about those who are gone."""
        users = {person: {**row, "agentSourcedIds": ""} for person, row in self.tables["users"].items()}
        for (guardian, student), side in self.named:
            own, other = (guardian, student) if side == "guardian" else (student, guardian)
            if other in users:
                users[own]["agentSourcedIds"] += f"{other},"
        roles = {
            sourced_id: {**row, "orgSourcedId": self.live(row["orgSourcedId"])}
            for sourced_id, row in self.tables["roles"].items()
            if row["userSourcedId"] in users
        }
        births = {person: row for person, row in self.tables["demographics"].items() if person in users}
        return self._write(folder, "bulk", {**self.tables, "users": users, "roles": roles, "demographics": births}, "")

    def roles_of(self, person: str) -> set[str]:
        if self.version == "1.1":
            return {self.tables["users"][person]["role"]}
        return {row["role"] for row in self.tables["roles"].values() if row["userSourcedId"] == person}

    def live(self, org: str) -> str:
        """The org; the district in place of one that is gone."""
        return org if org in self.tables["orgs"] else "district"

    def is_open_which_school(self, person: str) -> bool:
        """Whether the rows do not say which of several schools is the primary one (1.2)."""
        if self.version == "1.1":
            return False
        roles = [row for row in self.tables["roles"].values() if row["userSourcedId"] == person and self._is_place(row)]
        if self.tables["users"][person]["primaryOrgSourcedId"] in {row["orgSourcedId"] for row in roles}:
            return False
        return len({row["orgSourcedId"] for row in roles if row["roleType"] == "primary"}) != 1

    def _is_place(self, row: Row) -> bool:
        org = self.tables["orgs"].get(row["orgSourcedId"])
        return row["role"] in {"student", "teacher"} and org is not None and org["type"] == "school"

    def _links(self, pair: Pair) -> bool:
        guardian, student = pair
        users = self.tables["users"]
        if guardian not in users or student not in users:
            return False
        is_adult = bool(self.roles_of(guardian) & {"parent", "guardian", "relative"})
        return is_adult and "student" in self.roles_of(student)

    def _name(self, sent: Mapping[str, Row | None], known: set[Pair]) -> None:
        """Notes the agents of the rows that were sent: of those who can be linked now, or whom somebody's row linked before."""
        users = self.tables["users"]
        self.named = {(pair, side) for pair, side in self.named if _own(pair, side) in users.keys() - sent.keys()}
        for person, row in sent.items():
            for agent in filter(None, row["agentSourcedIds"].split(",") if row else ()):
                side, pair = ("student", (agent, person)) if person in CHILDREN else ("guardian", (person, agent))
                if pair in known or self._links(pair):
                    self.named.add((pair, side))

    def _forget(self) -> None:
        """Schools of people (1.1) do not come back by themselves; what is kept of students only is not kept of others."""
        live = {org for org, row in self.tables["orgs"].items() if row["type"] == "school"}
        for person, row in self.tables["users"].items():
            if self.version == "1.1":
                row["orgSourcedIds"] = _kept(row["orgSourcedIds"], live)
            roles = self.roles_of(person)
            if roles and "student" not in roles:
                row |= {"identifier": "", SSN_LAST4: ""}
                self.tables["demographics"].pop(person, None)

    def _is_about_nobody(self, edit: Edit, edits: Sequence[Edit]) -> bool:
        """Whether it is a row about somebody who is gone after these edits."""
        file, sourced_id, row = edit
        person = row.get("userSourcedId", sourced_id) if row else ""
        users = {**self.tables["users"], **{key: new for name, key, new in edits if name == "users"}}
        return file in {"roles", "demographics"} and row is not None and not users.get(person)

    def _make_sound(self, sent: dict[str, dict[str, Row | None]], whole: str) -> None:
        """Where a file is sent whole, no row that is sent may point to what is not in it, nor it to those who are gone."""
        tables, users = self.tables, self.tables["users"]
        if whole == "roles":
            tables["roles"] = {key: row for key, row in tables["roles"].items() if row["userSourcedId"] in users}
        if whole == "demographics":
            tables["demographics"] = {key: row for key, row in tables["demographics"].items() if key in users}
        if whole == "users":
            for row in users.values():
                row["agentSourcedIds"] = _kept(row["agentSourcedIds"], users)
        if whole == "orgs":
            self._name_only_live_orgs(sent)

    def _name_only_live_orgs(self, sent: Mapping[str, Mapping[str, Row | None]]) -> None:
        for row in filter(None, sent["users"].values()):
            if "orgSourcedIds" in row:
                row["orgSourcedIds"] = _kept(row["orgSourcedIds"], self.tables["orgs"])
        for row in filter(None, sent["roles"].values()):
            row["orgSourcedId"] = self.live(row["orgSourcedId"])

    def _write(self, folder: Path, mode: str, tables: Mapping[str, Mapping[str, Row | None]], whole: str) -> Path:
        package = Package(folder, self.version, mode=mode, modes={whole: "bulk"} if whole else {})
        package.tables = {name: [] for name in FILES if name != "roles" or self.version == "1.2"}
        package.extra_columns = {self.digits_in: [SSN_LAST4]} if self.digits_in else {}
        for file in package.tables:
            is_delta = package.modes.get(file, mode) == "delta"
            columns = package.columns(file)
            for sourced_id, row in tables[file].items():
                lifecycle = {"status": "tobedeleted" if row is None else "active", "dateLastModified": MOMENT}
                values = {name: value for name, value in (row or {}).items() if name in columns}
                if file == "users" and self.version == "1.1" and row:
                    values["orgSourcedIds"] += ",district"
                package.tables[file].append({"sourcedId": sourced_id, **(lifecycle if is_delta else {}), **values})
        return package.write()


def role_row(person: str, role: str, org: str, kind: str = "primary") -> Row:
    return {"userSourcedId": person, "roleType": kind, "role": role, "orgSourcedId": org}


def _own(pair: Pair, side: str) -> str:
    return pair[0] if side == "guardian" else pair[1]


def _kept(listed: str, known: Container[str]) -> str:
    return ",".join(item for item in listed.split(",") if item in known)
