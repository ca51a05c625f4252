"""Where something hangs on a secret key: what is sealed under it, and digests that name it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_, select, true

from app.models import (
    ActivationKey,
    AuditSeal,
    ChallengeAnswers,
    DailyQuota,
    FailedSignIns,
    GuessBudget,
    HouseholdRequest,
    IdempotencyKey,
    LinkCode,
    Person,
    PushDevice,
    RecoveryCode,
    SigningKey,
    SignInSession,
    SsoProvider,
    TotpFactor,
    WindowCount,
)
from app.security.digests import Digests
from app.services.sign_in_ladder import is_over

A_DAY = timedelta(days=1)

Way = Literal["kept", "reseal", "ends", "given_up"]
"""Once the key is out: goes on by what was kept of it; is lost unless it was resealed; is lost unless it has ended by then; is lost
without harm."""


@dataclass(frozen=True)
class Sealed:
    """A table with something sealed in it."""

    table: Any
    key: Any
    """Its primary key."""
    columns: Sequence[Any]
    digest: Callable[[Digests, str], dict[str, str]] = lambda _digests, _text: {}
    """What else depends on the opened text."""

    named_by: Any = None
    """The digest that names the key under which the row is sealed, where there is one."""

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)

    def may_be_older(self, newest: str) -> ColumnElement[bool]:
        """SQL: something in the row may be sealed under another key than the newest."""
        if self.named_by is not None:
            older: ColumnElement[bool] = ~self.named_by.startswith(f"{newest}:")
            return older
        return or_(*(column.is_not(None) for column in self.columns))


SEALED = (
    Sealed(TotpFactor, TotpFactor.account_id, (TotpFactor.sealed_secret, TotpFactor.sealed_new_secret)),
    Sealed(
        PushDevice,
        PushDevice.id,
        (PushDevice.sealed_token,),
        lambda digests, token: {"token_digest": digests.digest("push-token", token)},
        PushDevice.token_digest,
    ),
    Sealed(SigningKey, SigningKey.kid, (SigningKey.sealed_pem,)),
    Sealed(SsoProvider, SsoProvider.id, (SsoProvider.sealed_secret,)),
)


@dataclass(frozen=True)
class Digested:
    """A table of digests that name their key."""

    table: Any
    digest: Any
    way: Way
    live: ColumnElement[bool] = field(default_factory=true)
    """SQL: whoever has what the row was made of could still use it."""
    until: Any = None
    """The column that says when the row ends by itself."""
    purpose: str | None = None
    """Of the digest, where its key is kept."""

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)


def digested(now: datetime) -> Sequence[Digested]:
    key, session, code = ActivationKey, SignInSession, LinkCode
    live_key = and_(key.used_at.is_(None), key.revoked_at.is_(None), key.expires_at > now)
    live_session = and_(session.ended_at.is_(None), session.idle_expires_at > now, session.expires_at > now)
    repeat = HouseholdRequest.repeat_digest
    live_code = and_(code.used_at.is_(None), code.expires_at > now)
    return (
        Digested(key, key.digest, "kept", live_key, purpose="activation-key"),
        Digested(RecoveryCode, RecoveryCode.digest, "kept", RecoveryCode.used_at.is_(None), purpose="recovery-code"),
        Digested(ChallengeAnswers, ChallengeAnswers.answers_hash, "kept", purpose="challenge-answers"),
        Digested(Person, Person.ssn_last4_digest, "kept", Person.ssn_last4_digest.is_not(None), purpose="ssn-last4"),
        Digested(GuessBudget, GuessBudget.digest, "kept", purpose="guess-budget"),
        Digested(FailedSignIns, FailedSignIns.subject, "kept", ~is_over(now), purpose="failed-sign-ins"),
        Digested(session, session.refresh_digest, "ends", live_session, session.idle_expires_at),
        Digested(code, code.digest, "ends", live_code, code.expires_at),
        Digested(WindowCount, WindowCount.digest, "given_up", WindowCount.ends_at > now),
        Digested(DailyQuota, DailyQuota.digest, "given_up", DailyQuota.ends_at > now),
        Digested(IdempotencyKey, IdempotencyKey.digest, "given_up", IdempotencyKey.expires_at > now),
        Digested(
            HouseholdRequest, repeat, "given_up", and_(repeat.is_not(None), HouseholdRequest.asked_at > now - A_DAY)
        ),
        Digested(AuditSeal, AuditSeal.mac, "reseal", ~_has_a_later_seal()),
    )


def _has_a_later_seal() -> ColumnElement[bool]:
    later = AuditSeal.__table__.alias()
    return select(later.c.number).where(later.c.chain == AuditSeal.chain, later.c.number > AuditSeal.number).exists()
