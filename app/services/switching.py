"""Switching to a linked account on the same device: a session there, with never more rights than the one here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.database import Database, Statement, Unit
from app.errors import InvalidToken, LinkingNotAvailable, NotFound, StepUpRequired, TotpRequired
from app.models import Account, District, Person, SignInSession
from app.portals import Portal
from app.services.account_view import ACCOUNT_COLUMNS, AccountView
from app.services.challenge_questions import wants_answers
from app.services.devices import turn_push_on
from app.services.districts import district_columns, district_of, opened
from app.services.links import are_linked, has_suspended_link, hold_those_who_switch, offer_of
from app.services.portal_access import whose_may_enter
from app.services.second_factor import has_totp
from app.services.sessions import Device, OpenedSession, Sessions, SignedIn
from app.services.username_recovery import UsernameRecovery
from app.translation import msg


class _Parent(NamedTuple):
    """The session here, as the last columns of `_LOOK`."""

    id: UUID
    account_id: UUID
    ended_at: datetime | None
    signed_in_at: datetime
    expires_at: datetime
    totp_at: datetime | None
    installation_id: str | None
    device_name: str | None
    shared: bool
    switched_from_id: UUID | None
    root_session_id: UUID | None


_HERE, _ROOT = aliased(Account), aliased(Account)
_DISTRICT_HERE = aliased(District)
_LOOK = Statement(
    select(
        *ACCOUNT_COLUMNS,
        Account.recovery_email_folded,
        has_suspended_link(),
        has_totp(),
        wants_answers(),
        are_linked(_HERE, Account).label("are_linked"),
        whose_may_enter(Account).label("may_enter"),
        and_(_HERE.disabled_at.is_(None), whose_may_enter(_HERE)).label("may_enter_here"),
        or_(_ROOT.id == _HERE.id, and_(_ROOT.disabled_at.is_(None), whose_may_enter(_ROOT))).label("may_enter_root"),
        *district_columns(_DISTRICT_HERE, "here_"),
        *district_columns(District, "there_"),
        *(getattr(SignInSession, name).label(f"parent_{name}") for name in _Parent._fields),
    )
    .select_from(SignInSession)
    .join(_HERE, _HERE.id == SignInSession.account_id)
    .join(_ROOT, _ROOT.id == func.coalesce(SignInSession.switched_from_id, SignInSession.account_id))
    .join(_DISTRICT_HERE, _DISTRICT_HERE.id == _HERE.district_id)
    .outerjoin(Account, and_(Account.id == bindparam("account_id"), Account.disabled_at.is_(None)))
    .outerjoin(Person, Person.id == Account.person_id)
    .outerjoin(District, District.id == Account.district_id)
    .where(SignInSession.id == bindparam("session_id"))
)
"""The session here and its account, the account that was signed in to, and the target if it is there."""
_HAS_TOTP = Statement(select(has_totp()).select_from(Account).where(Account.id == bindparam("account_id")))
_NOTE_SIGN_IN = Statement(
    update(Account)
    .where(Account.id == bindparam("account"))
    .values(last_signed_in_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


@dataclass(frozen=True)
class Switching:
    database: Database
    clock: Clock
    sessions: Sessions
    username_recovery: UsernameRecovery

    async def switch(self, caller: SignedIn, account_id: UUID, installation_id: str | None) -> OpenedSession:
        """A session of a linked account; everything is looked at anew.

        Raises:
            NotFound: the account is not linked with the caller's, or cannot be used now.
            StepUpRequired: the account has a second factor, and this session has not passed its own.
            TotpRequired: the same where the caller's account has none: a password typed once more would not help.
            LinkingNotAvailable, FeatureDisabled, Maintenance: public facts of its district, or of the caller's.
        """
        async with self.database.brief() as session:
            seen = await self._look(session, caller, account_id)
            target, parent = AccountView.of(seen), _Parent._make(seen[-len(_Parent._fields) :])
            if parent.ended_at is not None:
                raise InvalidToken
            if target.has_totp and parent.totp_at is None:
                await self._refuse_one_factor(session, caller)
            installation = installation_id or parent.installation_id
            device = Device(installation_id=installation, name=parent.device_name, shared=parent.shared)
            await _NOTE_SIGN_IN.soon(session, {"account": target.id, "now": self.clock.now()})
            opened = await self.sessions.open(session, target, device, parent=parent)
            activated = bool(installation) and await turn_push_on(session, caller.account, target, installation or "")
            return replace(opened, push_activated=activated)

    async def _look(self, session: Unit, caller: SignedIn, account_id: UUID) -> Any:
        """A row of `_LOOK`, true from now until the transaction ends: alive, linked, entitled, in an open district.

        All that somebody could be changing is held first, so that the row is read from what was committed meanwhile.
        """
        root = caller.switched_from_id or caller.account.id
        await hold_those_who_switch(session, root, caller.account.id, account_id, caller.session_id)
        seen = await _LOOK.first(session, {"session_id": caller.session_id, "account_id": account_id})
        if seen is None or not (seen.may_enter_here and seen.may_enter_root):
            raise InvalidToken
        if seen.account_id is None or not seen.are_linked:
            raise NotFound
        here, there = (opened(district_of(seen, place)) for place in ("here_", "there_"))
        for district in (here, there):
            if not offer_of(district.state, district.settings, self.sessions.linking_states).available:
                raise LinkingNotAvailable
        there.require_no_maintenance(self.clock.now())
        there.require_portal(Portal(seen.portal))
        locked = await self.username_recovery.locks_sign_in(session, there, seen.recovery_email_folded)
        if locked or not seen.may_enter:
            raise NotFound
        return seen

    @staticmethod
    async def _refuse_one_factor(session: Unit, caller: SignedIn) -> None:
        if await _HAS_TOTP.scalar(session, {"account_id": caller.account.id}):
            raise StepUpRequired
        raise TotpRequired(
            msg(
                "The other account asks for a second factor. Sign in with a passkey, set up an authenticator app for this account, or sign in "
                "to the other account itself."
            )
        )
