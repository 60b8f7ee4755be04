"""Whether the ledger's tables are what its writer relies on, looked at before it writes.

What is recorded once, is so because a unique index refuses the second; where there is none, or a
false one, or a trigger that writes something else, nobody is told. So who writes looks first, and
now and then again.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Dialect

from infrastructure.database.definitions import Comparison
from infrastructure.database.problems import DatabaseDamaged
from infrastructure.ledger.schema import ledger_event, ledger_head
from infrastructure.ledger.statements import HEAD

_HEAD_AND_LAST = """
    SELECT head.position, head.catalog_version, last.position, last.catalog_version
    FROM ledger_head AS head LEFT JOIN (
        SELECT position, catalog_version FROM ledger_event ORDER BY position DESC LIMIT 1
    ) AS last ON true
"""
HEAD_ANEW = (
    "If `watchledger verify` finds no event missing, stop the service and set it anew: DELETE FROM "
    "ledger_head; INSERT INTO ledger_head (one, position, catalog_version, recorded_at_us) SELECT "
    "1, position, catalog_version, recorded_at_us FROM ledger_event ORDER BY position DESC LIMIT 1;"
)


def check_sound(driver: Any, dialect: Dialect) -> None:
    """Raises DatabaseDamaged unless the writer can rely on what it finds."""
    for fault in _faults(driver, dialect):
        raise DatabaseDamaged(f"Nothing is recorded: {fault}")


def _faults(driver: Any, dialect: Dialect) -> Iterator[str]:
    yield from head_row_faults(driver) or _head_place_faults(driver)
    for table in (ledger_event, ledger_head):
        compared = Comparison(driver, dialect, table)
        yield from compared.key_faults()
        yield from compared.index_faults(only_unique=True)
        yield from compared.actor_faults()


def head_row_faults(driver: Any) -> list[str]:
    """Whether the head is one row of numbers."""
    rows = driver.execute(HEAD).fetchall()
    if len(rows) != 1:
        return [f"The ledger's head has {len(rows)} rows; it should have one. {HEAD_ANEW}"]
    if any(type(each) is not int for each in rows[0]):  # SQLite keeps what it is given
        return [f"The ledger's head is {rows[0]}, which aren't all whole numbers. {HEAD_ANEW}"]
    return []


def _head_place_faults(driver: Any) -> Iterator[str]:
    """Whether the head is where the last event is, both seen at one time."""
    [found] = driver.execute(_HEAD_AND_LAST).fetchall()
    head, last = found[:2], tuple(each or 0 for each in found[2:])
    if head != last:
        yield (
            f"The ledger's head says position {head[0]} and catalog version {head[1]}, but the "
            f"last event there is has {last[0]} and {last[1]}. {HEAD_ANEW}"
        )
