"""fastapi-users as its documentation sets it up: JWT, SQLAlchemy, Argon2id with the cost that is given.

A program of its own environment: `python fastapi_users_site.py fill NUMBER` makes people, uvicorn serves `create_app`.
"""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "of a measurement, and of nothing else"
BATCH = 10_000


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


def _password_hash() -> PasswordHash:
    memory, time, lanes = (int(os.environ[f"ARGON2_{name}"]) for name in ("MEMORY_KIB", "TIME_COST", "PARALLELISM"))
    return PasswordHash((Argon2Hasher(memory_cost=memory, time_cost=time, parallelism=lanes),))


def create_app() -> FastAPI:
    # A request holds its connection while it hashes: with the fifteen of the default a storm ends in answers 500.
    engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=64, max_overflow=64)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    helper = PasswordHelper(_password_hash())

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    async def get_user_db(session: Annotated[AsyncSession, Depends(get_session)]) -> AsyncIterator[Any]:
        yield SQLAlchemyUserDatabase(session, User)

    async def get_user_manager(user_db: Annotated[Any, Depends(get_user_db)]) -> AsyncIterator[UserManager]:
        yield UserManager(user_db, helper)

    backend = AuthenticationBackend(
        name="jwt",
        transport=BearerTransport(tokenUrl="login"),
        get_strategy=lambda: JWTStrategy(secret=SECRET, lifetime_seconds=3600),
    )
    users = FastAPIUsers[User, uuid.UUID](get_user_manager, [backend])

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.include_router(users.get_auth_router(backend))
    app.include_router(users.get_users_router(schemas.BaseUser[uuid.UUID], schemas.BaseUserUpdate), prefix="/users")

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


async def fill(people: int, password: str) -> None:
    hashed = _password_hash().hash(password)
    engine = create_async_engine(os.environ["DATABASE_URL"])
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for start in range(0, people, BATCH):
            numbers = range(start, min(start + BATCH, people))
            rows = [{"email": f"guardian{number}@example.org", "hashed_password": hashed} for number in numbers]
            await connection.execute(insert(User), rows)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[2]), sys.argv[3]))
