"""Requests for a key as the office sees them: those that wait for it, and what came of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, true, tuple_, update

from app.clock import Clock
from app.database import Database
from app.errors import KeyRequestClosed, NotFound
from app.models import KeyRequest, Person
from app.services.clerk import Clerk
from app.services.families import guardians_of
from app.services.pages import MomentPosition, Page


@dataclass(frozen=True)
class GuardianView:
    """Somebody who could get a key because of the student."""

    person_id: UUID
    first_name: str
    last_name: str
    has_address: bool
    """Whether the roster has an address for a mail."""


@dataclass(frozen=True)
class KeyRequestView:
    id: UUID
    student_id: UUID
    first_name: str
    last_name: str
    student_number: str | None
    requested_at: datetime
    state: str
    keys: int
    handled_at: datetime | None
    guardians: Sequence[GuardianView]
    """Without an account; empty unless the request waits."""


@dataclass(frozen=True)
class KeyRequestDesk:
    database: Database
    clock: Clock

    async def page(
        self, clerk: Clerk, state: str | None, limit: int, after: MomentPosition | None = None
    ) -> Page[KeyRequestView, MomentPosition]:
        """Requests whose facts were right, newest first."""
        query = (
            select(*KeyRequest.__table__.columns, Person.first_name, Person.last_name, Person.student_number)
            .join(Person, Person.id == KeyRequest.student_id)
            .where(clerk.sees_person(), KeyRequest.state != "new", KeyRequest.state == state if state else true())
            .order_by(KeyRequest.requested_at.desc(), KeyRequest.id.desc())
            .limit(limit + 1)
        )
        if after:
            query = query.where(tuple_(KeyRequest.requested_at, KeyRequest.id) < after)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
            waiting = {row.student_id for row in rows if row.state == "waiting"}
            guardians = [row for row in await connection.execute(guardians_of(*waiting)) if row.may_get_key]
        views = [_view(row, guardians if row.state == "waiting" else []) for row in rows]
        return Page.of(views, limit, lambda view: (view.requested_at, view.id))

    async def close(self, clerk: Clerk, request_id: UUID, outcome: str) -> None:
        """The office has helped, or will not (`handled`, `declined`).

        Raises:
            NotFound: no such request in the clerk's part of the district.
            KeyRequestClosed: it does not wait: keys went out, or a colleague was faster.
        """
        now = self.clock.now()
        async with self.database.transaction() as session:
            seen = select(Person.id).where(clerk.sees_person())
            of_clerk = (KeyRequest.id == request_id, KeyRequest.student_id.in_(seen))
            student_id = await session.scalar(select(KeyRequest.student_id).where(*of_clerk))
            if student_id is None:
                raise NotFound
            closed = await session.execute(
                update(KeyRequest)
                .where(KeyRequest.id == request_id, KeyRequest.state == "waiting")
                .values(state=outcome, handled_at=now, handled_by=clerk.account_id)
                .returning(KeyRequest.id)
                .execution_options(synchronize_session=False)
            )
            if closed.first() is None:
                raise KeyRequestClosed
            clerk.record(session, f"key_request:{outcome}", at=now, person_id=student_id, request=str(request_id))


def _guardian(row: Row[Any]) -> GuardianView:
    return GuardianView(row.id, row.first_name, row.last_name, bool(row.email))


def _view(row: Row[*tuple[Any, ...]], guardians: Sequence[Row[Any]]) -> KeyRequestView:
    return KeyRequestView(
        id=row.id,
        student_id=row.student_id,
        first_name=row.first_name,
        last_name=row.last_name,
        student_number=row.student_number,
        requested_at=row.requested_at,
        state=row.state,
        keys=row.keys,
        handled_at=row.handled_at,
        guardians=[_guardian(guardian) for guardian in guardians if guardian.student_id == row.student_id],
    )
