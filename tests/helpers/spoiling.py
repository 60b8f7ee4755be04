"""Ledgers that somebody changes by hand, as whoever controls the database can."""

from typing import Any

from sqlalchemy import Connection, Engine, select, update

from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.ledger.digest import NO_DIGEST, event_digest
from infrastructure.ledger.entries import Row
from infrastructure.ledger.reader import read_rows
from infrastructure.ledger.schema import ledger_event


def execute(engine: Engine, *statements: str) -> None:
    with write_transaction(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def row_at(engine: Engine, position: int) -> Row:
    with read_transaction(engine) as connection:
        return read_rows(connection, position - 1, 1)[0]


def change(engine: Engine, position: int, **columns: Any) -> None:
    """Set columns of one event, by their names in the table."""
    with write_transaction(engine) as connection:
        _change(connection, position, columns)


def _change(connection: Connection, position: int, columns: dict[str, Any]) -> None:
    changed = update(ledger_event).where(ledger_event.c.position == position).values(columns)
    connection.execute(changed)


def digest_of(row: Row, previous: bytes) -> bytes:
    return event_digest(
        previous,
        row.position,
        row.stream,
        row.version,
        row.topic,
        row.recorded_at_us,
        row.catalog_version,
        row.submission_id,
        row.user,
        row.salt,
        row.state,
    )


def previous_digest(engine: Engine, row: Row) -> bytes:
    before = select(ledger_event.c.digest).where(
        ledger_event.c.originator_id == row.stream,
        ledger_event.c.originator_version == row.version - 1,
    )
    with read_transaction(engine) as connection:
        digest: bytes | None = connection.scalar(before)
    return digest or NO_DIGEST


def chain_anew(engine: Engine) -> None:
    """Recompute every digest from what the rows say, as a thorough forger would."""
    ends: dict[str, bytes] = {}
    with write_transaction(engine) as connection:
        for row in read_rows(connection, 0, 1_000_000):
            ends[row.stream] = digest_of(row, ends.get(row.stream, NO_DIGEST))
            _change(connection, row.position, {"digest": ends[row.stream]})


def swap(engine: Engine, first: int, second: int) -> None:
    """Two events change places, keeping all else."""
    away = -1
    execute(
        engine,
        *(
            f"UPDATE ledger_event SET position = {new} WHERE position = {old}"  # noqa: S608
            for old, new in ((first, away), (second, first), (away, second))
        ),
    )


def mended(engine: Engine, fault: str) -> None:
    """Do what a sentence says is to be done: the statements behind its last colon."""
    _, _, statements = fault.rpartition(": ")
    assert statements.endswith(";"), fault
    execute(engine, *statements.rstrip(";").split("; "))


def make_index_that_lacks_rows(engine: Engine) -> None:
    """On SQLite: an index that is declared as it should be, and that an early event isn't in."""
    made = "CREATE INDEX ledger_event_at ON ledger_event (at_us, position)"
    execute(
        engine,
        "DROP INDEX ledger_event_at",
        f"{made} WHERE position > 2",
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = '{made}' WHERE name = 'ledger_event_at'",  # noqa: S608  # ours
        "PRAGMA writable_schema = RESET",
    )
    engine.dispose()  # so that the next connection reads what is declared now
