"""Engines and transactions: the one way to the database, for SQLite and PostgreSQL alike.

Transactions begin where this module says, never by the driver: on SQLite one that will write begins
immediate, since one that reads first and writes then fails at once when another writes meanwhile.
"""

import errno
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, FromClause, create_engine, event, make_url
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from infrastructure.database.patience import KEEPALIVES, patient
from infrastructure.database.problems import (
    DatabaseLocked,
    DatabaseMissing,
    DatabaseProblem,
    DatabaseReadOnly,
    problems_named,
)
from infrastructure.database.read_only import is_read_only
from infrastructure.database.sqlite_file import SqliteFile
from infrastructure.database.synchronous import Synchronous
from projections.driver import driver_of

_BEGIN = "watchledger_begin"
_WRITE_LOCK = "watchledger_write_lock"
_WAIT_SECONDS = "watchledger_wait_seconds"
_PING_AFTER_SECONDS = 5.0
_HIDDEN = "***"
_is_secret = re.compile("pass|pwd|secret|token|_key", re.IGNORECASE).search
_READ_ONLY = (
    "The database lies on a file system that is mounted read-only. Look into the system's log for "
    "why, and mount it for writing."
)


def make_engine(
    url: str | URL,
    *,
    synchronous: Synchronous = "FULL",
    wait_seconds: float = 15.0,
    idle_in_transaction_seconds: float = 60.0,
    answer_seconds: float | None = None,
    pool_size: int = 20,
) -> Engine:
    """An engine for the database at a URL, without connecting yet.

    `synchronous` is SQLite's, `idle_in_transaction_seconds` PostgreSQL's: after it a frozen
    worker loses its claim. Nobody waits longer than `wait_seconds` for a lock or a connection, nor
    for PostgreSQL's answer to a statement longer than `answer_seconds`, if that is given.
    Raises DatabaseProblem for a URL of no database that the ledger can live in.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, synchronous, wait_seconds, pool_size)
    if parsed.get_backend_name() == "postgresql":
        engine = _postgresql_engine(parsed, wait_seconds, idle_in_transaction_seconds, pool_size)
        if answer_seconds is not None:
            _wait_for_answers(engine, answer_seconds)
        return engine
    raise DatabaseProblem(
        f"{parsed.get_backend_name()} isn't supported. Use sqlite:///FILE or postgresql://…"
    )


def _parsed(url: str | URL) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise DatabaseProblem(
            "The database URL can't be read. Use sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None


def shown_url(url: str) -> str:
    """A database's URL as it may be told: without its password, wherever in it that stands."""
    parsed = _parsed(url)
    hidden = {name: _HIDDEN for name in parsed.query if _is_secret(name)}
    shown = parsed.update_query_dict(hidden).render_as_string(hide_password=True)
    return shown.replace(quote(_HIDDEN), _HIDDEN)


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise DatabaseProblem("A ledger in memory is lost at exit. Name a file: sqlite:///FILE.")
    return Path(url.database)


def _sqlite_engine(
    url: URL, synchronous: Synchronous, wait_seconds: float, pool_size: int
) -> Engine:
    path = sqlite_path(url)
    assert path is not None  # noqa: S101  # for the type checker: the URL is SQLite's
    file = SqliteFile(path)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite", query={}),
        creator=_sqlite_opener(path, file, synchronous, wait_seconds),
        pool_size=pool_size,
        pool_timeout=wait_seconds,
        execution_options={_WRITE_LOCK: Lock(), _WAIT_SECONDS: wait_seconds},
    )
    engine.dialect.statement_compiler = _HintingCompiler
    _watch_file(engine, file)
    event.listen(engine, "begin", _begin_as_told)
    return engine


def _watch_file(engine: Engine, file: SqliteFile) -> None:
    """Lets nobody read or write what was deleted or replaced."""

    def connected(driver: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["opened"] = file.opened(driver)

    def closed(driver: Any, _: ConnectionPoolEntry) -> None:
        file.closed(driver)

    def taken(_: Any, entry: ConnectionPoolEntry, __: Any) -> None:
        file.check(entry.info["opened"])

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", taken)
    event.listen(engine, "close", closed)


class _HintingCompiler(SQLiteCompiler):
    """Writes `with_hint` into the statement: SQLAlchemy leaves it out for SQLite, silently."""

    def get_from_hint_text(self, _table: FromClause, text: str | None) -> str | None:
        return text


def _sqlite_opener(
    path: Path, file: SqliteFile, synchronous: Synchronous, wait_seconds: float
) -> Callable[[], sqlite3.Connection]:
    # mode=rw: a mistyped path is an error, not a new and empty ledger.
    address = f"file:{quote(str(path.absolute()))}?mode=rw"

    def opened() -> sqlite3.Connection:
        file.check_all()
        connection = sqlite3.connect(
            address,
            uri=True,
            timeout=wait_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA cache_size=-16384")  # 16 MiB
        # Pages that several transactions write go into the database once: 16 MiB of them at most.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA schema_version").fetchall()  # which opens the log, too
        return connection

    return opened


def _begin_as_told(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  # for the type checker: it was just taken
    driver.execute(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _postgresql_engine(
    url: URL, wait_seconds: float, idle_in_transaction_seconds: float, pool_size: int
) -> Engine:
    settings = {
        "idle_in_transaction_session_timeout": f"{idle_in_transaction_seconds * 1000:.0f}",
        "lock_timeout": f"{wait_seconds * 1000:.0f}",
        "timezone": "UTC",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options", "")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        connect_args={
            "options": f"{options} {given if isinstance(given, str) else ' '.join(given)}".strip(),
            "connect_timeout": max(2, round(wait_seconds)),
            "application_name": "watchledger",
            **{name: value for name, value in KEEPALIVES.items() if name not in url.query},
        },
        pool_size=pool_size,
        pool_timeout=wait_seconds,
    )
    _ping_after_a_pause(engine)
    return engine


def _wait_for_answers(engine: Engine, seconds: float) -> None:
    connect = patient(seconds)

    def connecting(_: Any, __: Any, arguments: Any, options: Any) -> Any:
        return connect(*arguments, **options)

    event.listen(engine, "do_connect", connecting)


def _ping_after_a_pause(engine: Engine) -> None:
    """Notices connections that died while they lay idle, without a question before each use."""

    def used(_: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at"] = monotonic()

    def ping(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
        if monotonic() - entry.info.get("used_at", 0.0) < _PING_AFTER_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise DisconnectionError("the connection died while it lay idle")

    event.listen(engine, "connect", used)
    event.listen(engine, "checkin", used)
    event.listen(engine, "checkout", ping)


@contextmanager
def problems_at(engine: Engine) -> Iterator[None]:
    """As `problems_named`, and of SQLite's file looks at what SQLite doesn't tell apart."""
    try:
        with problems_named():
            yield
    except DatabaseProblem as problem:
        path = sqlite_path(engine.url)
        if path is not None and is_read_only(path.absolute().parent):
            raise DatabaseReadOnly(_READ_ONLY) from problem
        if isinstance(problem, DatabaseMissing) and path is not None and path.exists():
            raise DatabaseProblem(
                f"{path} is there and can't be opened. Check who may read and write it and its "
                "directory."
            ) from problem
        raise


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that may write; commits at the end, rolls back on an error.

    Raises DatabaseProblem where the database can't be used, whatever is done inside.
    """
    options = {_BEGIN: "BEGIN IMMEDIATE"}
    with problems_at(engine), _sole_writer(engine):  # noqa: SIM117  # the lock before the connection
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection


def pipelined(connection: Connection) -> AbstractContextManager[Any]:
    """Lets PostgreSQL work at what it was told while the next statement is made ready.

    Their errors come at the block's end at the latest.
    """
    is_postgresql = connection.dialect.name == "postgresql"
    return driver_of(connection).pipeline() if is_postgresql else nullcontext()


@contextmanager
def driver_transaction(engine: Engine) -> Iterator[Any]:
    """As `write_transaction`, but the driver's own connection.

    An append of one event takes longer in SQLAlchemy than in its statements.
    """
    with problems_at(engine), _sole_writer(engine), _pooled_driver(engine) as driver:
        if engine.dialect.name == "sqlite":
            driver.execute("BEGIN IMMEDIATE")
        yield driver
        driver.commit()


@contextmanager
def driver_by_statement(engine: Engine) -> Iterator[Any]:
    """As `statement_by_statement`, but the driver's own connection, and the sole that writes."""
    with (
        problems_at(engine),
        _sole_writer(engine),
        _pooled_driver(engine) as driver,
        _autocommitting(driver),
    ):
        yield driver


@contextmanager
def driver_reading(engine: Engine) -> Iterator[Any]:
    """The driver's own connection for a read or two, each statement a transaction of its own.

    Raises DatabaseProblem.
    """
    with problems_at(engine), _pooled_driver(engine) as driver, _autocommitting(driver):
        yield driver


@contextmanager
def _autocommitting(driver: Any) -> Iterator[None]:
    if isinstance(driver, sqlite3.Connection):  # which is so by itself
        yield
        return
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


@contextmanager
def _pooled_driver(engine: Engine) -> Iterator[Any]:
    pooled = engine.raw_connection()
    driver = pooled.driver_connection
    try:
        yield driver
    except engine.dialect.loaded_dbapi.Error as error:
        if engine.dialect.is_disconnect(error, driver, None):
            pooled.invalidate(error)
        raise
    finally:
        pooled.close()  # which rolls back what wasn't committed


@contextmanager
def _sole_writer(engine: Engine) -> Iterator[None]:
    """Lets the writers of this process wait in line: SQLite lets them sleep and starve."""
    options = engine.get_execution_options()
    lock: Lock | None = options.get(_WRITE_LOCK)
    if lock is None:
        yield
        return
    if not lock.acquire(timeout=options[_WAIT_SECONDS]):
        raise DatabaseLocked("Another thread has held the database for too long. Try again.")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def statement_by_statement(engine: Engine) -> Iterator[Connection]:
    """A connection on which each statement is a transaction of its own.

    Raises DatabaseProblem as `write_transaction` does.
    """
    with (
        problems_at(engine),
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        yield connection


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads all see one and the same state of the database.

    Raises DatabaseProblem as `write_transaction` does.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        problems_at(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


def create_sqlite_file(engine: Engine) -> None:
    """Makes the empty file of an SQLite database that isn't there yet. Raises DatabaseMissing."""
    path = sqlite_path(engine.url)
    if path is None or path.exists():
        return
    try:
        path.touch(mode=0o600)
    except OSError as error:
        if error.errno == errno.EROFS:
            raise DatabaseReadOnly(_READ_ONLY) from error
        raise DatabaseMissing(
            f"{path} can't be made: {error.strerror}. Create its directory, with write permission."
        ) from error
