"""A demo district as the OneRoster 1.1 package that its student information system would send."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.demo.blueprint import DemoDistrict, Family

_FILES = {
    "manifest.csv": ("propertyName", "value"),
    "orgs.csv": ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    "users.csv": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName", "familyName",
        "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
    ),
    "demographics.csv": (
        "sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode",
        "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus", "metadata.ssnLast4",
    ),
}  # fmt: skip
_SENT = ("orgs", "users", "demographics")
_NOT_SENT = (
    "academicSessions",
    "categories",
    "classes",
    "classResources",
    "courses",
    "courseResources",
    "enrollments",
    "lineItems",
    "resources",
    "results",
)

Row = dict[str, str]


def write_roster(district: DemoDistrict, folder: Path) -> None:
    """Writes the package's files into `folder`."""
    _write(folder / "manifest.csv", _manifest())
    _write(folder / "orgs.csv", _orgs(district))
    _write(folder / "users.csv", [row for family in district.families for row in _users(family)])
    _write(folder / "demographics.csv", _demographics(district.families))


def _manifest() -> list[Row]:
    properties = {"manifest.version": "1.0", "oneroster.version": "1.1"}
    properties |= {f"file.{name}": "bulk" for name in _SENT} | {f"file.{name}": "absent" for name in _NOT_SENT}
    return [{"propertyName": name, "value": value} for name, value in properties.items()]


def _orgs(district: DemoDistrict) -> list[Row]:
    root = {"sourcedId": "district", "name": district.name, "type": "district", "identifier": district.id}
    schools = [
        {
            "sourcedId": f"school-{place}",
            "name": name,
            "type": "school",
            "identifier": str(place),
            "parentSourcedId": "district",
        }
        for place, name in enumerate(district.schools)
    ]
    return [root, *schools]


def _users(family: Family) -> list[Row]:
    adults = {f"A-{family.last_name}-{adult.first_name}": adult for adult in family.adults}
    children = {f"C-{child.number}": child for child in family.children}
    common = {"enabledUser": "true", "familyName": family.last_name}
    return [
        *(
            common
            | {
                "sourcedId": sourced_id,
                "orgSourcedIds": "district",
                "role": adult.role,
                "username": sourced_id.lower(),
                "givenName": adult.first_name,
                "email": adult.email,
                "agentSourcedIds": ",".join(children),
            }
            for sourced_id, adult in adults.items()
        ),
        *(
            common
            | {
                "sourcedId": sourced_id,
                "orgSourcedIds": f"school-{child.school}",
                "role": "student",
                "username": child.number,
                "userIds": f"{{GTID:{child.state_id}}}" if child.state_id else "",
                "givenName": child.first_name,
                "identifier": child.number,
                "agentSourcedIds": ",".join(adults),
            }
            for sourced_id, child in children.items()
        ),
    ]


def _demographics(families: Sequence[Family]) -> list[Row]:
    return [
        {"sourcedId": f"C-{child.number}", "birthDate": child.birth_date, "metadata.ssnLast4": child.ssn_last4}
        for family in families
        for child in family.children
    ]


def _write(file: Path, rows: Iterable[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, _FILES[file.name], restval="")
        writer.writeheader()
        writer.writerows(rows)
