"""SQLAlchemy tables, one file an idea."""

from app.models.account import Account
from app.models.activation_key import ActivationKey, KeyBatch
from app.models.audit_event import AuditEvent
from app.models.audit_seal import AuditSeal, SealedEvent
from app.models.base import Base
from app.models.challenge import ChallengeAnswers
from app.models.claim import ClaimTicket
from app.models.district import Announcement, DirectoryVersion, District, DistrictNetwork, DistrictOrigin
from app.models.guard import FailedSignIns, GuessBudget, SpentCaptcha, WindowCount
from app.models.household import Household, HouseholdMember, HouseholdRequest
from app.models.idempotency_key import IdempotencyKey
from app.models.kept_key import KeptKey
from app.models.key_request import KeyRequest
from app.models.link import LinkCode, LinkedAccount
from app.models.mail import DailyQuota, MailedLink, OutboxMail, PasswordHistory
from app.models.passkey import Passkey, SpentChallenge
from app.models.person import Enrollment, OtherOrg, Person, Relationship, School
from app.models.push_device import PushDevice
from app.models.roster_upload import RosterUpload
from app.models.school_settings import SchoolSettings
from app.models.second_factor import RecoveryCode, TotpFactor
from app.models.session import KnownDevice, SignInSession
from app.models.signing_key import SigningKey
from app.models.sso import SsoCode, SsoProvider
from app.models.staff import StaffMember, StaffSchool
from app.models.support_ticket import SupportTicket
from app.models.worker_beat import WorkerBeat

__all__ = [
    "Account",
    "ActivationKey",
    "Announcement",
    "AuditEvent",
    "AuditSeal",
    "Base",
    "ChallengeAnswers",
    "ClaimTicket",
    "DailyQuota",
    "DirectoryVersion",
    "District",
    "DistrictNetwork",
    "DistrictOrigin",
    "Enrollment",
    "FailedSignIns",
    "GuessBudget",
    "Household",
    "HouseholdMember",
    "HouseholdRequest",
    "IdempotencyKey",
    "KeptKey",
    "KeyBatch",
    "KeyRequest",
    "KnownDevice",
    "LinkCode",
    "LinkedAccount",
    "MailedLink",
    "OtherOrg",
    "OutboxMail",
    "Passkey",
    "PasswordHistory",
    "Person",
    "PushDevice",
    "RecoveryCode",
    "Relationship",
    "RosterUpload",
    "School",
    "SchoolSettings",
    "SealedEvent",
    "SignInSession",
    "SigningKey",
    "SpentCaptcha",
    "SpentChallenge",
    "SsoCode",
    "SsoProvider",
    "StaffMember",
    "StaffSchool",
    "SupportTicket",
    "TotpFactor",
    "WindowCount",
    "WorkerBeat",
]
