"""The rebuild lock: one rebuild at a time. It ends with its process, however that ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from infrastructure.database.engine import sqlite_path, statement_by_statement

_ADVISORY_KEY = 0x7761746368  # "watch"
_PATIENCE_SECONDS = 0.5  # whoever only looks whether it is held is gone sooner

_ADVISORY_LOCK = text(
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = :high AND objid::bigint = :low"
)


class RebuildRunning(Exception):
    """Another rebuild is at work on this database."""

    def __init__(self) -> None:
        super().__init__("Another rebuild is running on this database. Wait until it has ended.")


@contextmanager
def rebuild_lock(engine: Engine) -> Iterator[None]:
    """Hold the rebuild lock for as long as the block lasts. Raises RebuildRunning."""
    path = sqlite_path(engine.url)
    if path is None:
        yield from _holding_advisory_lock(engine)
    else:
        yield from _holding_file(f"{path}-rebuild")


def is_locked(engine: Engine) -> bool:
    """Whether a rebuild is running, without getting in its way."""
    path = sqlite_path(engine.url)
    if path is None:
        return _is_advisory_lock_held(engine)
    file = Path(f"{path}-rebuild")
    return file.exists() and _is_file_held(file)


def _is_advisory_lock_held(engine: Engine) -> bool:
    key = {"high": _ADVISORY_KEY >> 32, "low": _ADVISORY_KEY & 0xFFFFFFFF}
    with statement_by_statement(engine) as connection:
        return connection.execute(_ADVISORY_LOCK, key).first() is not None


def _is_file_held(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=0)) as file:
        try:
            file.execute("SELECT 1 FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return True
        return False


def _holding_advisory_lock(engine: Engine) -> Iterator[None]:
    # Of the session and outside a transaction: an idle one would be ended by its time-out.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asked = f"SELECT pg_try_advisory_lock({_ADVISORY_KEY})"
        if not connection.exec_driver_sql(asked).scalar_one():
            raise RebuildRunning
        try:
            yield
        finally:
            # A session that is gone holds no lock, and the server takes its time to end one.
            with suppress(DBAPIError):
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_ADVISORY_KEY})")
            connection.invalidate()


def _holding_file(path: str) -> Iterator[None]:
    # An SQLite file of its own, for its lock: it works on every platform.
    with closing(
        sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
    ) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise RebuildRunning from None
        yield
