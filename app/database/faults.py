"""Faults of the database that heal by themselves, whichever driver reports them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import Overloaded

# PostgreSQL: lost connection, no such database (yet), deadlock, serialisation failure, cancelled by timeout, server shutting down or starting, out of connections.
_PASSING_STATES = ("08", "3D", "40", "53", "57")
_STALE_PLAN = "0A000"
"""PostgreSQL's "cached plan must not change result type": a migration has just changed the table; the next try plans anew."""
_PASSING_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


@contextmanager
def lost_server_as_overloaded() -> Iterator[None]:
    """Drivers raise a bare OSError where no server listens; only while connecting, so that no other file's fault is mistaken for it."""
    try:
        yield
    except OSError as fault:
        raise Overloaded from fault


@contextmanager
def passing_faults_as_overloaded() -> Iterator[None]:
    """What heals by itself (a lost server, a full pool, a deadlock) becomes a refusal that says: try again."""
    try:
        yield
    except (PoolTimeoutError, TimeoutError) as fault:
        raise Overloaded from fault
    except Exception as fault:
        if is_passing(fault):
            raise Overloaded from fault
        raise


def is_passing(fault: Exception) -> bool:
    """Of SQLAlchemy's faults, and of those of the drivers themselves."""
    reported = fault.orig if isinstance(fault, DBAPIError) else fault
    code = getattr(reported, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _PASSING_SQLITE_CODES
    state = getattr(reported, "sqlstate", None) or ""
    if state.startswith(_PASSING_STATES) or state == _STALE_PLAN:
        return True
    return isinstance(fault, DBAPIError) and (isinstance(fault, InterfaceError) or fault.connection_invalidated)
