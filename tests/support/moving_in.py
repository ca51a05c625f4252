"""A district that brings files of another system: of accounts, and of keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.models import Account, AuditEvent, Base
from app.portals import Portal
from app.services.office.import_report import ImportReport
from tests.support.office import Office
from tests.support.portal import User

ACCOUNT_COLUMNS = ("person_id", "portal", "username", "password_hash", "recovery_email")
KEY_COLUMNS = ("person_id", "portal", "activation_key")


async def new_parent(office: Office, username: str) -> User:
    """A parent whom the roster knows, without an account or a key."""
    guardian = await office.guardian("Rosa Diaz", [await office.student("Eva Diaz")])
    return User(office.server, office.district, Portal.PARENT, guardian, username)


def account_row(user: User, stored: str = "", email: str = "") -> list[str]:
    return [str(user.person_id), user.portal.value, user.username, stored, email]


def key_row(user: User, key: str) -> list[str]:
    return [str(user.person_id), user.portal.value, key]


async def import_accounts(
    office: Office, folder: Path, rows: Sequence[Sequence[str]], *, dry_run: bool = False
) -> ImportReport:
    file = folder / "accounts.csv"
    file.write_bytes(csv_of(ACCOUNT_COLUMNS, rows))
    return await office.campus.account_import.run(office.operator, file, dry_run=dry_run)


async def import_keys(office: Office, folder: Path, rows: Sequence[Sequence[str]]) -> ImportReport:
    file = folder / "keys.csv"
    file.write_bytes(csv_of(KEY_COLUMNS, rows))
    return await office.campus.key_import.run(office.operator, file)


def csv_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(",".join(f'"{value}"' for value in values) + "\r\n" for values in [columns, *rows]).encode()


async def stored_hash(office: Office, user: User) -> str:
    async with office.campus.database.reading() as connection:
        query = select(Account.password_hash).where(Account.person_id == user.person_id)
        return str((await connection.execute(query)).scalar_one())


async def number_of(office: Office, model: type[Base]) -> int:
    async with office.campus.database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(model))).scalar_one()


async def trail(office: Office) -> list[tuple[str, UUID | None, dict[str, Any]]]:
    """What the audit trail says of imports."""
    async with office.campus.database.reading() as connection:
        query = select(AuditEvent.tag, AuditEvent.person_id, AuditEvent.data).order_by(AuditEvent.id)
        rows = await connection.execute(query.where(AuditEvent.tag.like("operator:%:imported")))
        return [(row.tag, row.person_id, row.data) for row in rows]
