"""The desk of a district's office, and an operator's commands."""

from dataclasses import dataclass

from app.composition.ground import Ground
from app.composition.tools import Tools
from app.services.keys import KeyIssue
from app.services.office.account_desk import AccountDesk
from app.services.office.account_facts import AccountFacts
from app.services.office.account_import import AccountImport
from app.services.office.accounts import Accounts
from app.services.office.announcements import Announcements
from app.services.office.audit_trail import AuditTrail
from app.services.office.district_office import DistrictOffice
from app.services.office.household_desk import HouseholdDesk
from app.services.office.household_import import HouseholdImport
from app.services.office.household_requests import HouseholdRequests
from app.services.office.issued_keys import IssuedKeys
from app.services.office.key_batches import KeyBatches
from app.services.office.key_import import KeyImport
from app.services.office.key_letters import KeyLetters
from app.services.office.key_request_desk import KeyRequestDesk
from app.services.office.office_keys import OfficeKeys
from app.services.office.outbox_list import OutboxList
from app.services.office.people_desk import PeopleDesk
from app.services.office.print_room import PrintRoom
from app.services.office.relationships import Relationships
from app.services.office.roster_uploads import RosterUploads
from app.services.office.school_desk import SchoolDesk
from app.services.office.sso_desk import SsoDesk
from app.services.office.staff_list import StaffList
from app.services.office.staff_office import StaffOffice
from app.services.office.ticket_desk import TicketDesk
from app.services.office.ticket_remedies import TicketRemedies
from app.services.roster import RosterImport
from app.services.staff import Staff


@dataclass(frozen=True)
class Office:
    """The desk of a district's office, and an operator's commands."""

    district_office: DistrictOffice
    sso_desk: SsoDesk
    school_desk: SchoolDesk
    household_desk: HouseholdDesk
    household_import: HouseholdImport
    household_requests: HouseholdRequests
    announcements: Announcements
    roster_import: RosterImport
    roster_uploads: RosterUploads
    key_issue: KeyIssue
    key_import: KeyImport
    office_keys: OfficeKeys
    key_batches: KeyBatches
    key_letters: KeyLetters
    print_room: PrintRoom
    issued_keys: IssuedKeys
    key_request_desk: KeyRequestDesk
    ticket_desk: TicketDesk
    ticket_remedies: TicketRemedies
    accounts: Accounts
    account_import: AccountImport
    account_desk: AccountDesk
    people_desk: PeopleDesk
    relationships: Relationships
    staff: Staff
    staff_list: StaffList
    staff_office: StaffOffice
    audit_trail: AuditTrail
    outbox_list: OutboxList


def wire_office(ground: Ground, tools: Tools) -> Office:
    database, clock, digests = ground.database, ground.clock, ground.digests
    sessions, key_issue, key_mail = tools.sessions, tools.key_issue, tools.key_mail
    roster_import = RosterImport(database, clock, digests)
    key_letters = KeyLetters(database, clock, digests, ground.settings.public_url, ground.letter_press)
    accounts = Accounts(database, clock, sessions, key_issue, tools.ladder, tools.budgets, tools.erasure)
    relationships = Relationships(database, clock)
    return Office(
        district_office=DistrictOffice(database, clock),
        sso_desk=SsoDesk(database, clock, digests, tools.sso_providers, ground.providers, ground.address_rules),
        school_desk=SchoolDesk(database, clock),
        household_desk=HouseholdDesk(database, clock),
        household_import=HouseholdImport(database, clock),
        household_requests=HouseholdRequests(database, clock),
        announcements=Announcements(database, clock),
        roster_import=roster_import,
        roster_uploads=RosterUploads(database, clock, roster_import),
        key_issue=key_issue,
        key_import=KeyImport(database, clock, digests),
        office_keys=OfficeKeys(database, clock, key_issue, key_mail),
        key_batches=KeyBatches(database, clock, key_issue, key_mail),
        key_letters=key_letters,
        print_room=PrintRoom(key_letters),
        issued_keys=IssuedKeys(database, clock),
        key_request_desk=KeyRequestDesk(database, clock),
        ticket_desk=TicketDesk(database),
        ticket_remedies=TicketRemedies(database, clock, accounts, relationships, tools.ticket_mails),
        accounts=accounts,
        account_import=AccountImport(database, clock),
        account_desk=AccountDesk(database, clock, AccountFacts(tools.ladder, tools.username_recovery)),
        people_desk=PeopleDesk(database, clock),
        relationships=relationships,
        staff=Staff(database, clock),
        staff_list=StaffList(database),
        staff_office=StaffOffice(database, clock, sessions, key_issue),
        audit_trail=AuditTrail(database, clock, digests),
        outbox_list=OutboxList(database),
    )
