"""Switching to a linked account on the same device: a session there, with never more rights than the one here."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.clock import Clock
from app.database import Database, Statement, Unit
from app.database.statements import among, places
from app.errors import InvalidToken, LinkingNotAvailable, NotFound, StepUpRequired, TotpRequired
from app.models import Account, LinkedAccount, SignInSession
from app.portals import Portal
from app.services.account_view import AccountView, select_account
from app.services.challenge_questions import wants_answers
from app.services.devices import turn_push_on
from app.services.districts import open_district
from app.services.links import has_suspended_link, hold_accounts, offer_of
from app.services.portal_access import confirm_access
from app.services.second_factor import has_totp
from app.services.sessions import Device, OpenedSession, Sessions, SignedIn
from app.services.username_recovery import UsernameRecovery
from app.translation import msg

_NOTE_SIGN_IN = Statement(
    update(Account)
    .where(Account.id == bindparam("account"), Account.disabled_at.is_(None))
    .values(last_signed_in_at=bindparam("now"))
    .returning(Account.person_id, Account.portal, Account.district_id, Account.recovery_email_folded)
    .execution_options(synchronize_session=False)
)
_TARGET = Statement(
    select_account(has_suspended_link(), has_totp(), wants_answers()).where(Account.id == bindparam("account_id"))
)
_PARENT = Statement(
    select(
        SignInSession.id,
        SignInSession.account_id,
        SignInSession.ended_at,
        SignInSession.signed_in_at,
        SignInSession.expires_at,
        SignInSession.totp_at,
        SignInSession.installation_id,
        SignInSession.device_name,
        SignInSession.shared,
        SignInSession.switched_from_id,
        SignInSession.root_session_id,
    )
    .where(SignInSession.id == bindparam("session_id"))
    .with_for_update()
)
_GROUPS = Statement(
    select(LinkedAccount.group_id)
    .where(among(LinkedAccount.account_id, "account", 2), LinkedAccount.suspended_at.is_(None))
    .order_by(LinkedAccount.account_id)
    .with_for_update()
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
            target = await self._enter(session, caller, account_id)
            parent = await _PARENT.first(session, {"session_id": caller.session_id})
            if parent is None or parent.ended_at is not None:
                raise InvalidToken
            if target.has_totp and parent.totp_at is None:
                await self._refuse_one_factor(session, caller)
            installation = installation_id or parent.installation_id
            device = Device(installation_id=installation, name=parent.device_name, shared=parent.shared)
            opened = await self.sessions.open(session, target, device, parent=parent)
            activated = bool(installation) and await turn_push_on(session, caller.account, target, installation or "")
            return replace(opened, push_activated=activated)

    async def _enter(self, session: Unit, caller: SignedIn, account_id: UUID) -> AccountView:
        """The target, from now until the transaction ends: alive, linked, entitled, in an open district."""
        now = self.clock.now()
        here = {caller.account.id, caller.switched_from_id or caller.account.id}
        alive = await hold_accounts(session, {*here, account_id})
        if not all(alive[each] for each in here) or not await _may_still_enter(session, here):
            raise InvalidToken
        row = await _NOTE_SIGN_IN.first(session, {"account": account_id, "now": now})
        if row is None or not await _are_linked(session, caller.account.id, account_id):
            raise NotFound
        for district_id in (caller.account.district_id, row.district_id):
            district = await open_district(session, district_id)
            if not offer_of(district.state, district.settings, self.sessions.linking_states).available:
                raise LinkingNotAvailable
        district.require_no_maintenance(now)
        district.require_portal(Portal(row.portal))
        locked = await self.username_recovery.locks_sign_in(session, district, row.recovery_email_folded)
        if locked or not await confirm_access(session, row.person_id, Portal(row.portal)):
            raise NotFound
        [found] = await _TARGET.all(session, {"account_id": account_id})
        return AccountView.of(found)

    @staticmethod
    async def _refuse_one_factor(session: Unit, caller: SignedIn) -> None:
        [own] = await _TARGET.all(session, {"account_id": caller.account.id})
        if AccountView.of(own).has_totp:
            raise StepUpRequired
        raise TotpRequired(
            msg(
                "The other account asks for a second factor. Sign in with a passkey, set up an authenticator app for this account, or sign in "
                "to the other account itself."
            )
        )


async def _may_still_enter(session: Unit, accounts: Collection[UUID]) -> bool:
    """Where the caller comes from: access that is being taken away at this moment is waited for."""
    rows = await _whose(len(accounts)).all(session, places("account", accounts))
    return all([await confirm_access(session, row.person_id, Portal(row.portal)) for row in rows])


async def _are_linked(session: Unit, first: UUID, second: UUID) -> bool:
    """Whether they are in one group, this moment and until the transaction ends; locked in one order, as unlinking does."""
    groups = [row.group_id for row in await _GROUPS.all(session, places("account", (first, second)))]
    return len(groups) == 2 and len(set(groups)) == 1


@cache
def _whose(count: int) -> Statement:
    return Statement(select(Account.person_id, Account.portal).where(among(Account.id, "account", count)))
