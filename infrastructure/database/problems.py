"""What an operator can cause or mend at the database, each with a code and what to do about it.

Drivers say "unable to open database file" or a five-digit state; whoever runs the service needs the
next step. `problem_of` is the one table between the two.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class DatabaseProblem(Exception):
    """The database can't be used as it is; the message says what to do."""

    code: ClassVar[str] = "database_problem"


class DatabaseMissing(DatabaseProblem):
    code = "database_missing"


class DatabaseUnreachable(DatabaseProblem):
    code = "database_unreachable"


class DatabaseReadOnly(DatabaseProblem):
    code = "database_read_only"


class DatabaseFull(DatabaseProblem):
    code = "database_full"


class DatabaseLocked(DatabaseProblem):
    code = "database_locked"


class DatabaseDamaged(DatabaseProblem):
    code = "database_damaged"


class DatabaseReplaced(DatabaseProblem):
    code = "database_replaced"


class NotALedger(DatabaseProblem):
    code = "not_a_ledger"


class SchemaTooOld(DatabaseProblem):
    code = "schema_too_old"


class SchemaTooNew(DatabaseProblem):
    code = "schema_too_new"


_MISSING = (
    DatabaseMissing,
    "There is no database there. Check the database URL, or make it with `watchledger migrate`.",
)
_READ_ONLY = (
    DatabaseReadOnly,
    "The database can't be written. Check who owns its file, or whether the server is a standby.",
)
_FULL = (DatabaseFull, "The database's disk is full. Free some space; nothing was recorded.")
_LOCKED = (
    DatabaseLocked,
    "Another process has held the database for too long. Look for one that hangs, then try again.",
)
_DAMAGED = (
    DatabaseDamaged,
    "The database is damaged or its disk fails. Restore a backup and run `watchledger verify`.",
)
_UNREACHABLE = (
    DatabaseUnreachable,
    "The database server can't be reached. Check that it runs, and host and name in the URL.",
)
_NO_TABLE = (SchemaTooOld, "The database lacks tables. Run `watchledger migrate`.")

_NO_INDEX = (
    DatabaseDamaged,
    "The database lacks an index. Run `watchledger verify`, which says how to make it again.",
)

_Known = tuple[type[DatabaseProblem], str]

_BY_SQLITE_CODE: dict[int, _Known] = {
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CANTOPEN: _MISSING,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_IOERR: _DAMAGED,
    sqlite3.SQLITE_NOTADB: (NotALedger, "That file is no database. Check the database URL."),
}

_BY_SQLSTATE: dict[str, _Known] = {
    "3D000": _MISSING,
    "25006": _READ_ONLY,
    "42501": _READ_ONLY,
    "53100": _FULL,
    "53300": (DatabaseUnreachable, "The database server has no connection left. Allow it more."),
    "40P01": _LOCKED,
    "40001": _LOCKED,
    "55P03": _LOCKED,
    "57014": _LOCKED,
    "25P03": _UNREACHABLE,
    "42P01": _NO_TABLE,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
_BY_SQLSTATE_CLASS: dict[str, _Known] = {"08": _UNREACHABLE, "28": _UNREACHABLE, "57": _UNREACHABLE}


def _known(error: BaseException) -> _Known | None:
    sqlite_code = getattr(error, "sqlite_errorcode", None)
    if sqlite_code is not None:
        if "no such table" in str(error):
            return _NO_TABLE
        if "no such index" in str(error):
            return _NO_INDEX
        return _BY_SQLITE_CODE.get(sqlite_code & 0xFF)  # the low byte of an extended code
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE_CLASS.get(sqlstate[:2])
    return _without_state(error)


def _without_state(error: BaseException) -> _Known | None:
    if "Could not decode to UTF-8" in str(error):  # SQLite keeps what it is given
        return _DAMAGED
    # A refused connection carries no state, only the server's words.
    if 'database "' in str(error) and "does not exist" in str(error):
        return _MISSING
    is_lost = type(error).__name__ in {"OperationalError", "ConnectionTimeout", "InterfaceError"}
    return _UNREACHABLE if is_lost else None


def problem_of(error: BaseException) -> DatabaseProblem | None:
    """The problem behind a driver's error, or None where it isn't the operator's."""
    known = _known(error)
    if known is None:
        return None
    problem, what_to_do = known
    return problem(f"{what_to_do} ({str(error).strip()})")


@contextmanager
def problems_named() -> Iterator[None]:
    """Raises a DatabaseProblem for each driver's error that is one; lets all others pass."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseLocked(f"{_LOCKED[1]} ({error})") from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        problem = problem_of((error.orig or error) if isinstance(error, DBAPIError) else error)
        if problem is None:
            raise
        raise problem from error
