"""What happened to an account, for its owner: sign-ins and security events out of the audit trail.

Kinds and times, and the devices of its own sessions; nothing of what a refused stranger typed, and nobody else's data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database import Database
from app.models import AuditEvent, SignInSession
from app.security.digests import Digests
from app.services.pages import Page
from app.services.sessions import SignedIn

KINDS = {
    "api:account:activated": "activated",
    "api:account:challenge_answers_set": "challenge_answers_changed",
    "api:account:claimed": "claimed",
    "api:account:current_password_refused": "current_password_refused",
    "api:account:disputed": "disputed",
    "api:account:link_code_refused": "link_code_refused",
    "api:account:link_code_shown": "link_code_shown",
    "api:account:linked": "linked",
    "api:account:links_confirmed": "links_confirmed",
    "api:account:passkey_added": "passkey_added",
    "api:account:passkey_removed": "passkey_removed",
    "api:account:made_by_sso": "activated",
    "api:account:password_changed": "password_changed",
    "api:account:password_reset": "password_reset",
    "api:account:recovery_email_confirmed": "recovery_email_confirmed",
    "api:account:recovery_email_set": "recovery_email_changed",
    "api:account:totp_removed": "totp_removed",
    "api:account:totp_replaced": "totp_replaced",
    "api:account:totp_set_up": "totp_set_up",
    "api:account:unlinked": "unlinked",
    "api:session:ended": "signed_out",
    "api:session:refused": "sign_in_refused",
    "api:session:started": "signed_in",
    "api:session:switched": "switched",
    "office:account:disabled": "disabled",
    "office:account:enabled": "enabled",
    "office:account:reset": "started_over",
    "office:account:signed_out": "session_ended",
    "office:account:unlocked": "unlocked",
    "operator:account:disabled": "disabled",
    "operator:account:enabled": "enabled",
    "operator:account:reset": "started_over",
    "operator:account:signed_out": "session_ended",
    "operator:account:unlocked": "unlocked",
    "worker:account:signed_out": "session_ended",
}
"""What an owner sees of each tag of the trail; other tags are none of his security."""
SESSION_ENDED = "session_ended"
"""Instead of `signed_out`, where somebody else ended it: a token was used twice, the current password was guessed at, access is gone."""

SIGNED_IN_BY_SSO = "signed_in_by_sso"
"""Instead of `signed_in`, where a provider of the district has said who it is."""

Position = tuple[datetime, int]
"""Where a page ends: a moment, and how many events of that moment have been shown. (An event's number would tell how many there are.)"""


@dataclass(frozen=True)
class ActivityItem:
    id: UUID
    kind: str
    at: datetime
    device_name: str | None = None
    """Of a session that is still remembered."""
    current: bool | None = None
    """Whether it began or ended the session of this very request; None for what is no session's."""


@dataclass(frozen=True)
class Activity:
    database: Database
    digests: Digests

    async def page(self, caller: SignedIn, limit: int, after: Position | None) -> Page[ActivityItem, Position]:
        """Up to `limit` events, newest first."""
        async with self.database.reading() as connection:
            rows = (await connection.execute(_events(caller.account.id, limit + 1, after))).all()
            shown = rows[:limit]
            devices = await _devices(connection, caller.account.id, shown)
        items = [self._item(row, devices, caller.session_id) for row in shown]
        return Page(items, _position(shown, after) if len(rows) > limit else None)

    def _item(self, row: Row[Any], devices: dict[str, str | None], own_session: UUID) -> ActivityItem:
        session = row.data.get("session")
        return ActivityItem(
            id=self._opaque(row.id),
            kind=_kind(row),
            at=row.at,
            device_name=devices.get(session) if session else None,
            current=session == str(own_session) if session else None,
        )

    def _opaque(self, number: int) -> UUID:
        """The same for an event, although secret keys are replaced."""
        return UUID(bytes=self.digests.steady_mac("activity", str(number))[:16])


def _kind(row: Row[Any]) -> str:
    kind = KINDS[row.tag]
    if kind == "signed_in" and row.data.get("by") == "sso":
        return SIGNED_IN_BY_SSO
    return SESSION_ENDED if kind == "signed_out" and row.data["reason"] != kind else kind


def _events(account_id: UUID, limit: int, after: Position | None) -> Any:
    query = (
        select(AuditEvent.id, AuditEvent.at, AuditEvent.tag, AuditEvent.data)
        .where(AuditEvent.account_id == account_id, AuditEvent.tag.in_(KINDS))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(limit)
    )
    return query.where(AuditEvent.at <= after[0]).offset(after[1]) if after else query


async def _devices(connection: AsyncConnection, account_id: UUID, rows: Sequence[Row[Any]]) -> dict[str, str | None]:
    """Names by session, of the account's own sessions only."""
    named = {UUID(row.data["session"]) for row in rows if "session" in row.data}
    if not named:
        return {}
    own = select(SignInSession.id, SignInSession.device_name).where(
        SignInSession.id.in_(named), SignInSession.account_id == account_id
    )
    return {str(row.id): row.device_name for row in await connection.execute(own)}


def _position(shown: Sequence[Row[Any]], after: Position | None) -> Position:
    last = shown[-1].at
    same = sum(row.at == last for row in shown)
    return last, same + (after[1] if after and after[0] == last else 0)
