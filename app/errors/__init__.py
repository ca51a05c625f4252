"""Everything that can be refused, as one tree of exceptions; `problems.py` turns it into RFC 9457.

CampusError
├── RequestFault              the request itself is wrong, whoever sends it
│   ├── MalformedJson
│   ├── PayloadTooLarge
│   ├── UnsupportedMediaType
│   ├── LettersNotPrintable   asked for as PDF, where none can be made
│   ├── MethodNotAllowed
│   ├── NotFound
│   ├── ValidationFailed      carries one FieldError for each fault
│   ├── IdempotencyKeyReused
│   ├── PreconditionFailed    somebody else changed it meanwhile
│   ├── PreconditionRequired
│   └── AppUpgradeRequired    carries the address of the store
├── RateLimited               too many requests, whoever sends them
├── NotSignedIn               nobody has proved who he is
│   ├── NotAuthenticated
│   ├── InvalidToken
│   ├── SignInAgain           the session is too old for this
│   ├── StepUpRequired        prove once more who you are
│   └── InvalidCredentials
├── NotAllowed                known, but not allowed
│   ├── Forbidden
│   ├── FeatureDisabled
│   ├── LinkingNotAvailable
│   ├── LinksSuspended        after a reset, until the owner confirms
│   ├── AccountLocked         carries the reason
│   ├── TotpRequired          the password was right; the second factor is missing
│   ├── TotpInvalid
│   ├── PasskeyInvalid
│   ├── CaptchaRefused        carries a challenge for the next try
│   │   ├── CaptchaRequired
│   │   └── CaptchaInvalid
│   ├── PasswordOff           the last step of the ladder
│   ├── AnswersWrong          to the challenge questions; which one, nobody learns
│   ├── AnswersExhausted
│   ├── CurrentPasswordWrong
│   ├── CodeWrong             a code of a mail, typed wrong
│   └── CodeExhausted         typed wrong too often
├── DistrictNotFound
├── FactsRefused              facts about a student that do not fit together
│   ├── ClaimNotMatched
│   └── KeyRequestNotMatched
├── KeyRefused                an activation key that opens nothing
│   ├── ActivationKeyInvalid
│   ├── ActivationKeyUsed
│   └── ActivationKeyExpired
├── LinkCodeRefused           a code of another account that links nothing
│   ├── LinkCodeInvalid
│   └── LinkCodeExpired
├── LinkRefused               a mailed link that opens nothing
│   ├── ResetLinkInvalid
│   └── TicketInvalid
├── TooManyAttempts           the ladder's wait
├── DailyLimitReached         carries the seconds until the district's midnight
├── Conflict                  somebody else was first
│   ├── UsernameTaken
│   ├── AlreadyLinked
│   ├── SameDistrict
│   ├── PortalMismatch
│   ├── ClaimTooEarly         carries the moment from which on it works
│   ├── AlreadyClaimed
│   ├── TooManyPasskeys       one has to go first
│   ├── NotEntitled           the person may not have this account
│   ├── NoAddress             there is nowhere to write to
│   ├── KeyRequestClosed
│   ├── TicketClosed          a colleague has done it
│   ├── HouseholdRequestClosed
│   ├── KeyNotLive            the key was used, taken back or has expired
│   ├── InProgress
│   └── IdempotencyInProgress
└── NotNow                    the same request may succeed later
    ├── Overloaded
    ├── Maintenance
    ├── NotReady              carries the checks
    └── InternalError
"""

from collections.abc import Sequence
from functools import cache

from app.errors.base import CampusError, FieldError
from app.errors.conflicts import (
    AlreadyClaimed,
    AlreadyLinked,
    ClaimTooEarly,
    Conflict,
    HouseholdRequestClosed,
    IdempotencyInProgress,
    InProgress,
    KeyNotLive,
    KeyRequestClosed,
    NoAddress,
    NotEntitled,
    PortalMismatch,
    SameDistrict,
    TicketClosed,
    TooManyPasskeys,
    UsernameTaken,
)
from app.errors.facts import ClaimNotMatched, FactsRefused, KeyRequestNotMatched
from app.errors.keys import ActivationKeyExpired, ActivationKeyInvalid, ActivationKeyUsed, DistrictNotFound, KeyRefused
from app.errors.limits import DailyLimitReached, RateLimited, TooManyAttempts
from app.errors.links import (
    LinkCodeExpired,
    LinkCodeInvalid,
    LinkCodeRefused,
    LinkRefused,
    ResetLinkInvalid,
    TicketInvalid,
)
from app.errors.not_allowed import (
    AccountLocked,
    AnswersExhausted,
    AnswersWrong,
    CaptchaInvalid,
    CaptchaRefused,
    CaptchaRequired,
    CodeExhausted,
    CodeWrong,
    CurrentPasswordWrong,
    FeatureDisabled,
    Forbidden,
    LinkingNotAvailable,
    LinksSuspended,
    NotAllowed,
    PasskeyInvalid,
    PasswordOff,
    TotpInvalid,
    TotpRequired,
)
from app.errors.not_now import InternalError, Maintenance, NotNow, NotReady, Overloaded
from app.errors.request import (
    AppUpgradeRequired,
    IdempotencyKeyReused,
    LettersNotPrintable,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    PreconditionRequired,
    RequestFault,
    UnsupportedMediaType,
    ValidationFailed,
)
from app.errors.sign_in import (
    InvalidCredentials,
    InvalidToken,
    NotAuthenticated,
    NotSignedIn,
    SignInAgain,
    StepUpRequired,
)

__all__ = [
    "AccountLocked",
    "ActivationKeyExpired",
    "ActivationKeyInvalid",
    "ActivationKeyUsed",
    "AlreadyClaimed",
    "AlreadyLinked",
    "AnswersExhausted",
    "AnswersWrong",
    "AppUpgradeRequired",
    "CampusError",
    "CaptchaInvalid",
    "CaptchaRefused",
    "CaptchaRequired",
    "ClaimNotMatched",
    "ClaimTooEarly",
    "CodeExhausted",
    "CodeWrong",
    "Conflict",
    "CurrentPasswordWrong",
    "DailyLimitReached",
    "DistrictNotFound",
    "FactsRefused",
    "FeatureDisabled",
    "FieldError",
    "Forbidden",
    "HouseholdRequestClosed",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "InProgress",
    "InternalError",
    "InvalidCredentials",
    "InvalidToken",
    "KeyNotLive",
    "KeyRefused",
    "KeyRequestClosed",
    "KeyRequestNotMatched",
    "LettersNotPrintable",
    "LinkCodeExpired",
    "LinkCodeInvalid",
    "LinkCodeRefused",
    "LinkRefused",
    "LinkingNotAvailable",
    "LinksSuspended",
    "Maintenance",
    "MalformedJson",
    "MethodNotAllowed",
    "NoAddress",
    "NotAllowed",
    "NotAuthenticated",
    "NotEntitled",
    "NotFound",
    "NotNow",
    "NotReady",
    "NotSignedIn",
    "Overloaded",
    "PasskeyInvalid",
    "PasswordOff",
    "PayloadTooLarge",
    "PortalMismatch",
    "PreconditionFailed",
    "PreconditionRequired",
    "RateLimited",
    "RequestFault",
    "ResetLinkInvalid",
    "SameDistrict",
    "SignInAgain",
    "StepUpRequired",
    "TicketClosed",
    "TicketInvalid",
    "TooManyAttempts",
    "TooManyPasskeys",
    "TotpInvalid",
    "TotpRequired",
    "UnsupportedMediaType",
    "UsernameTaken",
    "ValidationFailed",
    "every_refusal",
]


@cache
def every_refusal() -> Sequence[type[CampusError]]:
    """Every class of the tree that has a code, sorted by it."""

    def below(root: type[CampusError]) -> list[type[CampusError]]:
        return [kind for child in root.__subclasses__() for kind in (child, *below(child))]

    return sorted((kind for kind in below(CampusError) if "code" in kind.__dict__), key=lambda kind: kind.code)
