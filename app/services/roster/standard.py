"""The columns of OneRoster 1.1 and 1.2 CSV: their order, what must be filled, what kind of value, which file it points to.

Source: 1EdTech OneRoster CSV Tables 1.1.1 and CSV Binding 1.2.1. Each file is one line of words:

```
name            text that may be blank
name!           must not be blank
name:date       a kind of value: one of the `KINDS`, or of the lists of `WORDS`
name>orgs       the sourcedId of a row of that file
name>orgs*      a list of them
```
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

COMMON = ("sourcedId", "status", "dateLastModified")
"""The first columns of every file. `status` and `dateLastModified` are blank in bulk."""

_WORDS_1_1 = {
    "classType": "homeroom|scheduled",
    "enrollmentRole": "administrator|proctor|student|teacher",
    "importance": "primary|secondary",
    "orgType": "department|school|district|local|state|national",
    "resourceRole": "administrator|aide|guardian|parent|proctor|relative|student|teacher",
    "roleType": "primary|secondary",
    "role": "administrator|aide|guardian|parent|proctor|relative|student|teacher",
    "scoreStatus": "exempt|fully graded|not submitted|partially graded|submitted",
    "sessionType": "gradingPeriod|semester|schoolYear|term",
    "sex": "male|female",
}
_WORDS_1_2 = _WORDS_1_1 | {
    "objectiveSource": "case|unknown",
    "role": "aide|counselor|districtAdministrator|guardian|parent|principal|proctor|relative|siteAdministrator|student|"
    "systemAdministrator|teacher",
    "sex": "male|female|unspecified|other",
}
WORDS = {
    version: {kind: frozenset(words.split("|")) for kind, words in lists.items()}
    for version, lists in (("1.1", _WORDS_1_1), ("1.2", _WORDS_1_2))
}
"""The words of a column with a list of its own, by version and kind. In 1.2 such a list may be extended with `ext:`."""

_FILES_1_1 = {
    "academicSessions": "title! type!:sessionType startDate!:date endDate!:date parentSourcedId>academicSessions schoolYear!:year",
    "categories": "title!",
    "classes": "title! grades courseSourcedId>courses classCode classType!:classType location schoolSourcedId!>orgs "
    "termSourcedIds!>academicSessions* subjects subjectCodes periods",
    "classResources": "title classSourcedId!>classes resourceSourcedId!>resources",
    "courses": "schoolYearSourcedId>academicSessions title! courseCode grades orgSourcedId!>orgs subjects subjectCodes",
    "courseResources": "title courseSourcedId!>courses resourceSourcedId!>resources",
    "demographics": "birthDate:date sex:sex americanIndianOrAlaskaNative:boolean asian:boolean blackOrAfricanAmerican:boolean "
    "nativeHawaiianOrOtherPacificIslander:boolean white:boolean demographicRaceTwoOrMoreRaces:boolean "
    "hispanicOrLatinoEthnicity:boolean countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
    "enrollments": "classSourcedId!>classes schoolSourcedId!>orgs userSourcedId!>users role!:enrollmentRole primary:boolean "
    "beginDate:date endDate:date",
    "lineItems": "title! description assignDate!:date dueDate!:date classSourcedId!>classes categorySourcedId!>categories "
    "gradingPeriodSourcedId!>academicSessions resultValueMin!:number resultValueMax!:number",
    "orgs": "name! type!:orgType identifier parentSourcedId>orgs",
    "resources": "vendorResourceId! title roles:resourceRole* importance:importance vendorId applicationId",
    "results": "lineItemSourcedId!>lineItems studentSourcedId!>users scoreStatus!:scoreStatus score!:number scoreDate!:date comment",
    "users": "enabledUser!:boolean orgSourcedIds!>orgs* role!:role username! userIds givenName! familyName! middleName "
    "identifier email sms phone agentSourcedIds>users* grades password",
}
_FILES_1_2 = _FILES_1_1 | {
    "categories": "title! weight:integer",
    "classes": _FILES_1_1["classes"].replace("courseSourcedId>", "courseSourcedId!>"),
    "lineItems": "title! description assignDate!:date dueDate!:date classSourcedId!>classes categorySourcedId!>categories "
    "academicSessionSourcedId!>academicSessions resultValueMin:number resultValueMax:number schoolSourcedId!>orgs",
    "lineItemLearningObjectiveIds": "lineItemSourcedId!>lineItems source!:objectiveSource learningObjectiveId!",
    "lineItemScoreScales": "title lineItemSourcedId!>lineItems scoreScaleSourcedId!>scoreScales",
    "resultLearningObjectiveIds": "resultSourcedId!>results source!:objectiveSource learningObjectiveId! score:number textScore",
    "results": "lineItemSourcedId!>lineItems studentSourcedId!>users scoreStatus!:scoreStatus score:number scoreDate!:date comment "
    "textScore classSourcedId>classes inProgress:boolean incomplete:boolean late:boolean missing:boolean",
    "resultScoreScales": "title resultSourcedId!>results scoreScaleSourcedId!>scoreScales",
    "roles": "userSourcedId!>users roleType!:roleType role!:role beginDate:date endDate:date orgSourcedId!>orgs "
    "userProfileSourcedId>userProfiles",
    "scoreScales": "title! type! orgSourcedId!>orgs courseSourcedId!>courses classSourcedId!>classes scoreScaleValue!:scale",
    "userProfiles": "userSourcedId!>users profileType! vendorId! applicationId description credentialType! username! password",
    "userResources": "userSourcedId!>users orgSourcedId>orgs classSourcedId>classes resourceSourcedId!>resources",
    "users": "enabledUser!:boolean username! userIds givenName! familyName! middleName identifier email sms phone "
    "agentSourcedIds>users* grades password userMasterIdentifier preferredGivenName preferredMiddleName preferredFamilyName "
    "primaryOrgSourcedId>orgs pronouns",
}


@dataclass(frozen=True)
class Column:
    name: str
    is_filled: bool
    kind: str | None
    target: str | None
    """The file that its sourcedIds are of, without `.csv`."""
    is_list: bool


_COLUMN = re.compile(r"(\w+)(!?)(?::(\w+))?(?:>(\w+))?(\*?)")


def _columns(line: str) -> tuple[Column, ...]:
    parts = (_COLUMN.fullmatch(word) for word in line.split())
    return tuple(Column(p[1], bool(p[2]), p[3], p[4], bool(p[5])) for p in parts if p)


FILES: Mapping[str, Mapping[str, tuple[Column, ...]]] = {
    version: {file: _columns(line) for file, line in files.items()}
    for version, files in (("1.1", _FILES_1_1), ("1.2", _FILES_1_2))
}
"""The columns of each file of a version after the `COMMON` ones, by its name without `.csv`. All files may be in a package."""


def column_names(version: str, file: str) -> tuple[str, ...]:
    """In the standard's order."""
    return (*COMMON, *(column.name for column in FILES[version][file]))
