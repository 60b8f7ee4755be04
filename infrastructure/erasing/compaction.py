"""Compaction: writes the database's files anew, so that nothing is left of what was in them.

What is deleted or changed stays in a database's files until its place is used again: in free pages
and the write-ahead log of SQLite, in dead rows and in the planner's statistics of PostgreSQL.
"""

from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, Table, literal, select

from infrastructure.database.engine import driver_by_statement, statement_by_statement
from infrastructure.database.problems import DatabaseLocked
from infrastructure.ledger.schema import metadata
from projections.read_models import METADATA

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.1

_OLDER = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND xact_start < to_timestamp(%s) LIMIT 1
"""
_NOW = "SELECT extract(epoch FROM clock_timestamp())"


def compact(engine: Engine) -> None:
    """Raises DatabaseLocked if somebody reads on for long, and other DatabaseProblems."""
    if engine.dialect.name == "sqlite":
        with driver_by_statement(engine) as driver:
            driver.execute("VACUUM")
            _patiently(lambda: _is_log_empty(driver))
    else:
        with statement_by_statement(engine) as connection:
            _rewrite_tables(connection)


def _is_log_empty(driver: Any) -> bool:
    """Whether all of the log is in the file and the log is cut off: not while readers use it."""
    [[is_busy, _, _]] = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not is_busy


def _rewrite_tables(connection: Connection) -> None:
    """By VACUUM FULL: one that isn't full leaves the bytes in its pages.

    Rows that an older transaction could still see would be kept, so these are waited for.
    """
    began_at = connection.exec_driver_sql(_NOW).scalar_one()
    _patiently(lambda: connection.exec_driver_sql(_OLDER, (began_at,)).first() is None)
    for table in (*metadata.tables.values(), *METADATA.tables.values()):
        if connection.execute(select(literal(1)).select_from(table).limit(1)).first() is None:
            _drop_statistics(connection, table)
        connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table.name}"')
    # The owner of a database may do this; for whoever isn't, the server leaves it be.
    connection.exec_driver_sql("VACUUM FULL pg_catalog.pg_statistic")


def _drop_statistics(connection: Connection, table: Table) -> None:
    """Of an empty table ANALYZE keeps what it knew; a column given its type anew forgets it."""
    quoted = connection.dialect.identifier_preparer.format_column
    types = ", ".join(
        f"ALTER COLUMN {quoted(each)} TYPE {each.type.compile(connection.dialect)}"
        for each in table.columns
    )
    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" {types}')


def _patiently(is_done: Any) -> None:
    give_up_at = monotonic() + _PATIENCE_SECONDS
    while not is_done():
        if monotonic() > give_up_at:
            raise DatabaseLocked(
                "Somebody has read for too long for the database's files to be written anew. "
                "They will be at the next start."
            )
        sleep(_PAUSE_SECONDS)
