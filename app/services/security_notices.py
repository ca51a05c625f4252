"""Mails that tell an owner what happened to the account, each with a link to dispute it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.account_view import AccountView, mask_address
from app.services.mailed_links import LinkPurpose, create_link
from app.services.new_password import PasswordOwner
from app.services.outbox import MailKind, promise


def tell_password_changed(session: AsyncSession, owner: PasswordOwner, now: datetime) -> None:
    """Where the owner has a confirmed address."""
    if owner.confirmed_address is None:
        return
    link = create_link(session, LinkPurpose.DISPUTE, owner.account.id, now, address=owner.confirmed_address)
    promise(
        session,
        MailKind.PASSWORD_CHANGED,
        district_id=owner.account.district_id,
        now=now,
        account_id=owner.account.id,
        to_address=owner.confirmed_address,
        locale=owner.locale,
        details={"link": str(link), "changed_at": now.isoformat()},
    )


def tell_address_changed(
    session: AsyncSession, account: AccountView, old_address: str, new_address: str, now: datetime
) -> None:
    """To the old address, which the link can restore."""
    link = create_link(session, LinkPurpose.DISPUTE, account.id, now, address=old_address)
    promise(
        session,
        MailKind.RECOVERY_EMAIL_CHANGED,
        district_id=account.district_id,
        now=now,
        account_id=account.id,
        to_address=old_address,
        locale=account.locale,
        details={"link": str(link), "new_address_masked": mask_address(new_address), "changed_at": now.isoformat()},
    )
