"""Grand Bend ISD: two schools, two families and a teacher, run from a shell."""

import csv
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.clock import Clock
from app.composition import Campus
from app.errors import CampusError
from app.portals import Portal
from app.services.activate import ActivationRequest
from app.services.login import LoginRequest
from tests.cli.counter import behind_the_counter
from tests.roster.packages import Package
from tests.support.shell import Shell
from tests.support.sign_in import sign_in

ID = "gb"
PASSWORD = "Sunny meadow 42"

Key = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class GrandBend:
    """Maria has Ana and Ben at the high school, Paul has Cal at the middle school, Ted teaches at the high school."""

    shell: Shell

    def open(self) -> None:
        words = ("--name", "Grand Bend ISD", "--state", "TX", "--timezone", "America/Chicago", "--city", "Grand Bend")
        self.shell.campus("districts", "add", "--id", ID, *words)

    def roster(self) -> Package:
        package = Package(self.shell.folder / "package").org(
            "middle", name="Grand Bend Middle School", identifier="002"
        )
        package.student("ana", agents="maria").student("ben", agents="maria").student(
            "cal", agents="paul", orgs="middle"
        )
        return package.adult("maria").adult("paul").adult("ted", role="teacher", orgs="school")

    def import_roster(self, package: Package | None = None, *options: str) -> Any:
        """The report."""
        folder = (package or self.roster()).write()
        return self.shell.json("roster", "import", "--district", ID, str(folder), *options)

    def issue_keys(self, file: str, *options: str) -> list[Key]:
        """The rows of the new file."""
        report = self.shell.json("keys", "issue", "--district", ID, "--csv", file, *options)
        keys = keys_in(self.shell.folder / file)
        assert report == {"issued": len(keys), "csv": file}
        return keys

    def account(self, *words: str) -> list[str]:
        """The words of `campus accounts` for this district."""
        return ["accounts", words[0], "--district", ID, *words[1:]]

    def activate(self, key: Key, username: str) -> None:
        """The person turns the key into an account."""
        request = ActivationRequest(ID, key["activation_key"], username, PASSWORD, PASSWORD)
        self.behind_the_counter(lambda campus: campus.activation.activate(request))

    def sign_in(self, username: str) -> str:
        """`signed in`, or the code of the refusal; in the parent portal."""
        request = LoginRequest(ID, Portal.PARENT, username, PASSWORD)
        try:
            self.behind_the_counter(lambda campus: sign_in(campus, request))
        except CampusError as refusal:
            return refusal.code
        return "signed in"

    def opens(self, key: Key) -> str:
        """Whose portal the key opens, or the code of the refusal."""
        try:
            offer = self.behind_the_counter(lambda campus: campus.activation.verify(ID, key["activation_key"]))
        except CampusError as refusal:
            return refusal.code
        return f"{offer.first_name}, {offer.portal}"

    def behind_the_counter(self, work: Callable[[Campus], Awaitable[T]], clock: Clock | None = None) -> T:
        return behind_the_counter(self.shell, work, clock)


def keys_in(file: Path) -> list[Key]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
