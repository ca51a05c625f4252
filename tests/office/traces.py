"""Traces of somebody, planted in every table that has room for one, and looked for in every column of every table."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Column, LargeBinary, Text, cast, select

from app.clock import Clock
from app.database import Database
from app.models import Account, Base, Enrollment, Household, LinkedAccount, Person, Relationship, StaffSchool
from app.models.base import UtcDateTime

MARK = "pl4nted"
PLACES = {"account_id": "account", "switched_from_id": "account", "person_id": "person", "student_id": "person"}
"""Columns that lead to somebody, whether or not the database knows."""
ROOMS = {"household_id": "household"}
"""Columns that lead to a home that the person has to himself."""
STAYS = {"audit_events"}
MADE_BY_STORIES = {each.__tablename__ for each in (Account, Person, Enrollment, LinkedAccount, Relationship, StaffSchool)}  # fmt: skip


async def plant(database: Database, clock: Clock, account: Account, *, of_person: bool) -> set[str]:
    """A row in each table that points to the account, or also to the person, with the mark in each text; gives the tables."""
    home = Household(id=uuid4(), district_id=account.district_id, facts={}, changed_at=clock.now())
    if of_person:
        home.facts = {"street": MARK}
    ids = {"account": account.id, "person": account.person_id, "household": home.id}
    planted = set()
    async with database.transaction() as session:
        session.add(home)
        await session.flush()
        for table in Base.metadata.sorted_tables:
            leads = {PLACES[column.name] for column in table.columns if column.name in PLACES}
            wanted = leads and (of_person or "account" in leads)
            if not wanted or table.name in STAYS | MADE_BY_STORIES:
                continue
            row = {column.name: _value(column, account, ids, clock.now()) for column in table.columns}
            await session.execute(table.insert().values(**row))
            planted.add(table.name)
    return planted


def _value(column: Column[Any], account: Account, ids: dict[str, UUID], now: datetime) -> object:
    if place := (PLACES | ROOMS).get(column.name):
        return ids[place]
    if column.name in {"district_id", "portal"}:
        return getattr(account, column.name)
    if column.foreign_keys:
        return None
    if isinstance(column.type, JSON):
        return [{"text": MARK}] if column.name == "questions" else {"said": MARK}
    return _filler(column, now)


def _filler(column: Column[Any], now: datetime) -> object:
    if isinstance(column.type, UtcDateTime):
        return now
    kind = column.type.python_type
    if kind is str:
        return f"{uuid4().hex[:4]}{MARK}"[: getattr(column.type, "length", None) or 40]
    return {UUID: uuid4(), date: now.date(), bool: False, int: 1}[kind]


async def tables_with(database: Database, *words: object) -> set[str]:
    """Every table that holds one of these texts or ids, wherever, in any case, with dashes or without."""
    sought = {str(word).lower() for word in words} | {str(word).lower().replace("-", "") for word in words}
    found = set()
    async with database.reading() as connection:
        for table in Base.metadata.sorted_tables:
            assert not any(isinstance(column.type, LargeBinary) for column in table.columns)
            rows = await connection.execute(select(*(cast(column, Text) for column in table.columns)))
            text = "\n".join(str(value) for row in rows for value in row).lower()
            if any(word in text for word in sought):
                found.add(table.name)
    return found
