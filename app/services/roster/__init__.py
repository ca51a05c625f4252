"""OneRoster packages into a district's roster.

```
package, manifest, csv_file, header, table   what a package is, down to the rows of a file
standard, conformance                        the standard's columns, and what of them only a strict import checks
layout, values, codes                        what we read of it: files, columns, values; faults and warnings
sds                                          Microsoft's packages, as if they were OneRoster
orgs, users, roles, demographics, links      the five readers that make a roster of it, in `people`
schools, persons, enrollments, relationships what of it is stored, by `sync`: compare, then write what differs
stored, changes                              a package of changes, put over what is stored
reading, differences, roster_import          package to roster, roster against district, the whole in one transaction
release                                      what follows a large one: its memory goes back
grace                                        the end of those who were missing, days later
```
"""

from app.services.roster.grace import DaysOfGrace
from app.services.roster.package import ReceivedZip
from app.services.roster.progress import Progress
from app.services.roster.report import RosterReport
from app.services.roster.roster_import import SSN_PURPOSE, RosterImport

__all__ = ["SSN_PURPOSE", "DaysOfGrace", "Progress", "ReceivedZip", "RosterImport", "RosterReport"]
