"""Telling an owner what happened to the account: by mail, with a link to dispute it, and by push. None repeats text from a request."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Statement, Unit
from app.models import Account, KnownDevice, Person, Relationship
from app.portals import Portal
from app.services.account_view import AccountView, mask_address
from app.services.mailed_links import LinkPurpose, create_link
from app.services.new_password import PasswordOwner
from app.services.outbox import MailKind, promise, promise_push
from app.services.portal_access import may_enter
from app.services.sign_in_ladder import SignInSubject

# Made once, as every statement of a sign-in.
_ADDRESS_OF_KNOWN = Statement(
    select(Account.recovery_email).where(
        Account.id == bindparam("account_id"), exists().where(KnownDevice.account_id == bindparam("account_id"))
    )
)


async def tell_password_changed(session: AsyncSession, owner: PasswordOwner, now: datetime) -> None:
    moment = {"changed_at": now.isoformat()}
    await _tell(session, MailKind.PASSWORD_CHANGED, owner.account, owner.confirmed_address, now, moment)


async def tell_address_changed(
    session: AsyncSession, account: AccountView, old_address: str, new_address: str, now: datetime
) -> None:
    """To the old address, which the link can restore."""
    told = {"new_address_masked": mask_address(new_address), "changed_at": now.isoformat()}
    await _tell(session, MailKind.RECOVERY_EMAIL_CHANGED, account, old_address, now, told)


async def tell_new_device(session: Unit, account: AccountView, now: datetime) -> None:
    """Of a sign-in that no device token proved; before the new device is noted.

    Where the owner has had devices before: nobody needs to be told of the first one.
    """
    known = await _ADDRESS_OF_KNOWN.first(session, {"account_id": account.id})
    if known:
        moment = {"happened_at": now.isoformat()}
        await _tell(session, MailKind.NEW_DEVICE, account, known.recovery_email, now, moment)


async def tell_linked(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """To the owner of one of the linked accounts."""
    await _tell_owner(session, MailKind.ACCOUNTS_LINKED, account_id, now)


async def tell_unlinked(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """To the owner of an account that left its group, or of one that stayed in it."""
    await _tell_owner(session, MailKind.ACCOUNTS_UNLINKED, account_id, now)


async def tell_totp_changed(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Of an authenticator app that was set up, or took the place of another."""
    await _tell_owner(session, MailKind.TOTP_CHANGED, account_id, now)


async def tell_totp_removed(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    await _tell_owner(session, MailKind.TOTP_REMOVED, account_id, now)


async def tell_passkey_added(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    await _tell_owner(session, MailKind.PASSKEY_ADDED, account_id, now)


async def tell_passkey_removed(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    await _tell_owner(session, MailKind.PASSKEY_REMOVED, account_id, now)


async def tell_answers_changed(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    await _tell_owner(session, MailKind.ANSWERS_CHANGED, account_id, now)


async def tell_recovery_code_used(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    await _tell_owner(session, MailKind.RECOVERY_CODE_USED, account_id, now)


async def tell_guardians_of_claim(session: AsyncSession, student_id: UUID, now: datetime) -> None:
    """Whoever sees this student in the portal and has a confirmed address; the mail names no child."""
    guardians = (
        select(Account.id, Account.district_id, Account.locale, Account.recovery_email)
        .join(Person, Person.id == Account.person_id)
        .join(Relationship, Relationship.guardian_id == Person.id)
        .where(
            Relationship.student_id == student_id,
            Relationship.portal.is_(True),
            Relationship.ended_at.is_(None),
            Account.portal == Portal.PARENT.value,
            Account.disabled_at.is_(None),
            Account.recovery_email.is_not(None),
            may_enter(Portal.PARENT),
        )
    )
    for guardian in (await session.execute(guardians)).all():
        promise(
            session,
            MailKind.STUDENT_CLAIMED,
            district_id=guardian.district_id,
            now=now,
            account_id=guardian.id,
            to_address=guardian.recovery_email,
            locale=guardian.locale,
            details={"happened_at": now.isoformat()},
        )


def tell_sign_ins_refused(session: Unit, subject: SignInSubject, now: datetime) -> None:
    """To whoever has this username and a confirmed address; nothing tells whether there is somebody."""
    promise(
        session,
        MailKind.SIGN_INS_REFUSED,
        district_id=subject.district_id,
        now=now,
        details={"portal": subject.portal, "username_folded": subject.username_folded},
    )


async def _tell_owner(session: AsyncSession, kind: MailKind, account_id: UUID, now: datetime) -> None:
    found = select(Account.id, Account.district_id, Account.locale, Account.recovery_email)
    owner = (await session.execute(found.where(Account.id == account_id))).one()
    await _tell(session, kind, owner, owner.recovery_email, now, {"happened_at": now.isoformat()})


async def _tell(
    session: Unit,
    kind: MailKind,
    owner: AccountView | Row[*tuple[Any, ...]],
    address: str | None,
    now: datetime,
    told: dict[str, Any],
) -> None:
    """By mail to the confirmed `address`, if there is one, and on every device; `owner` has `id`, `district_id` and `locale`."""
    await promise_push(session, kind, account_id=owner.id, district_id=owner.district_id, now=now, locale=owner.locale)
    if address is None:
        return
    link = create_link(session, LinkPurpose.DISPUTE, owner.id, now, address=address)
    promise(
        session,
        kind,
        district_id=owner.district_id,
        now=now,
        account_id=owner.id,
        to_address=address,
        locale=owner.locale,
        details={"link": str(link), **told},
    )
