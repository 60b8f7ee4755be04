"""Whether the database's files are sound, by what each database has to look into its own."""

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from infrastructure.database.engine import statement_by_statement
from infrastructure.database.problems import DatabaseDamaged, problem_of
from infrastructure.ledger.schema import metadata
from projections.read_models import METADATA

_TOLD_MAX = 20
_RESTORE = "Stop the service, restore a backup and run `watchledger verify`."
_REINDEX = "Stop the service, run REINDEX; on the database and verify again."

_AMCHECK = text("""
    SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    JOIN pg_proc ON pronamespace = extnamespace AND proname = 'bt_index_check'
    WHERE extname = 'amcheck' AND has_function_privilege(pg_proc.oid, 'execute') LIMIT 1
""")
_INDEXES = text("""
    SELECT indexrelid::regclass::text FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'btree' AND indisvalid AND indrelid = ANY (
        SELECT to_regclass(quote_ident(name)) FROM unnest(CAST(:tables AS text[])) AS t (name))
    ORDER BY 1
""")


def file_faults(connection: Connection, *, quickly: bool = False) -> Iterator[str]:
    """What is wrong with pages and indexes, each in a sentence that says what to do.

    `quickly`: without holding indexes against their tables.
    """
    if connection.dialect.name == "sqlite":
        yield from _sqlite_faults(connection, "quick_check" if quickly else "integrity_check")
    elif not quickly:
        yield from _postgresql_faults(connection)


def _sqlite_faults(connection: Connection, check: str) -> Iterator[str]:
    for (found,) in connection.exec_driver_sql(f"PRAGMA {check}({_TOLD_MAX})"):
        if found != "ok":
            mend = _REINDEX if " index " in found else _RESTORE
            yield f"The database's file is damaged: {found.strip()}. {mend}"
    for table, row, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"Row {row} of {table} names one of {other} that isn't there. {_RESTORE}"


def has_amcheck(connection: Connection) -> bool:
    """Whether PostgreSQL can look into its indexes, and lets us."""
    return connection.execute(_AMCHECK).first() is not None


def _postgresql_faults(connection: Connection) -> Iterator[str]:
    # Each a transaction of its own: one that finds something ends there.
    with statement_by_statement(connection.engine) as apart:
        schema = apart.execute(_AMCHECK).scalar()
        if schema is None:
            return
        tables = [*metadata.tables, *METADATA.tables]
        asked = text(
            f'SELECT "{schema}".bt_index_check(CAST(:index AS regclass), true)'
        )  # where the extension is
        for index in apart.scalars(_INDEXES, {"tables": tables}).all():
            try:
                apart.execute(asked, {"index": index})
            except DBAPIError as error:
                if not isinstance(problem_of(error.orig or error), DatabaseDamaged):
                    raise
                yield (
                    f"The index {index} is damaged: {error.orig}. Stop the service, run REINDEX "
                    f"INDEX {index}; and verify again."
                )
