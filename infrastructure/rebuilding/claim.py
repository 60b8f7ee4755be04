"""One rebuild at a time: a claim that ends with its process, however that ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine

from infrastructure.database import sqlite_path

_ADVISORY_KEY = 0x7761746368  # "watch"


class RebuildRunning(Exception):  # noqa: N818  # it is an answer, not a fault
    """Another rebuild is at work on this database."""

    def __init__(self) -> None:
        super().__init__("Another rebuild is running on this database. Wait until it has ended.")


@contextmanager
def sole_rebuild(engine: Engine) -> Iterator[None]:
    """Hold the claim to rebuild for as long as the block lasts. Raises RebuildRunning."""
    path = sqlite_path(engine.url)
    if path is None:
        yield from _holding_advisory_lock(engine)
    else:
        yield from _holding_file(f"{path}-rebuild")


def _holding_advisory_lock(engine: Engine) -> Iterator[None]:
    # Of the session and outside a transaction: an idle one would be ended by its time-out.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asked = f"SELECT pg_try_advisory_lock({_ADVISORY_KEY})"
        if not connection.exec_driver_sql(asked).scalar_one():
            raise RebuildRunning
        try:
            yield
        finally:
            connection.invalidate()  # closes the session, and with it goes the lock


def _holding_file(path: str) -> Iterator[None]:
    # An SQLite file of its own, for its lock: it works on every platform.
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise RebuildRunning from None
        yield
