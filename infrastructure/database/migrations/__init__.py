"""Brings a database's schema up to date, and says when it isn't.

Alembic governs the ledger's tables, where the truth is. Read models are disposable: their tables
are made where they are missing, and a changed one is a matter of `watchledger rebuild`.
"""

from pathlib import Path
from time import sleep

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select

from infrastructure.database.engine import (
    create_sqlite_file,
    problems_at,
    read_transaction,
    write_transaction,
)
from infrastructure.database.problems import (
    DatabaseLocked,
    NotALedger,
    SchemaTooNew,
    SchemaTooOld,
)
from projections.read_models import METADATA

VERSION_TABLE = "ledger_schema"
REVISIONS = ("0006", "0005", "0004", "0003", "0002", "0001")
"""All that this code knows, the newest first: what only looks needn't load Alembic to know them."""

SCRIPTS = Path(__file__).parent
_ADVISORY_LOCK = 0x57617463686C6564  # "Watchled": any number that nobody else would take

_PAUSES_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0)

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))


def _revision_of(connection: Connection) -> str | None:
    """The database's revision, None if it is empty. Raises SchemaTooNew, NotALedger."""
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE not in tables:
        if tables:
            raise NotALedger(
                f"The database has other tables ({', '.join(sorted(tables)[:3])}, …) and no "
                "ledger. Check the database URL; a ledger wants a database of its own."
            )
        return None
    revision = connection.execute(select(_version.c.version_num)).scalar_one_or_none()
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(
            f"The database's schema ({revision}) is newer than this version of Watchledger. "
            "Install the version that wrote it, or a later one."
        )
    return revision


def check_schema(engine: Engine) -> None:
    """Raises SchemaTooOld, SchemaTooNew or NotALedger unless the database fits this code."""
    with read_transaction(engine) as connection:
        revision = _revision_of(connection)
    if revision != REVISIONS[0]:
        raise SchemaTooOld(
            f"The database's schema is {'older than this version' if revision else 'empty'}. "
            "Run `watchledger migrate`."
        )


def migrate(engine: Engine) -> None:
    """Brings the schema up to date, all or nothing; several at once do no harm.

    Makes an SQLite file that isn't there. Raises DatabaseProblem.
    """
    create_sqlite_file(engine)
    with write_transaction(engine) as connection:
        _await_other_migrations(connection)
        _revision_of(connection)
        _upgrade(connection)
        METADATA.create_all(connection)
    _use_write_ahead_log(engine)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # it takes long, and only this needs it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _await_other_migrations(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")


def _use_write_ahead_log(engine: Engine) -> None:
    """Lets SQLite's readers go on while somebody writes; the file remembers it."""
    if engine.dialect.name != "sqlite":
        return
    for seconds in (*_PAUSES_SECONDS, None):
        try:
            _set_journal_mode(engine)
        except DatabaseLocked:
            # SQLite doesn't wait for this lock by itself.
            if seconds is None:
                raise
            sleep(seconds)
        else:
            return


def _set_journal_mode(engine: Engine) -> None:
    with problems_at(engine), engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101  # for the type checker: it was just taken
        driver.execute("PRAGMA journal_mode=WAL")
