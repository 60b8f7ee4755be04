"""All that `watchledger verify` says: files, tables, values, the ledger, and the read models."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from infrastructure.database.definitions import Comparison
from infrastructure.ledger.reader import head
from infrastructure.ledger.schema import metadata
from infrastructure.ledger.soundness import head_row_faults
from infrastructure.operations.verifying.checkpoint import Checkpoint, checkpoint_fault
from infrastructure.operations.verifying.files import file_faults
from infrastructure.operations.verifying.ledger import ledger_faults
from infrastructure.operations.verifying.read_models import read_model_faults
from infrastructure.operations.verifying.values import value_faults
from projections.bookmark import Bookmark
from projections.driver import driver_of
from projections.read_models import METADATA

_REBUILD = "Run `watchledger migrate` and `watchledger rebuild`."
_BOOKMARK_ANEW = (
    "Stop the service, take it away (DROP TABLE bookmark;), and run `watchledger migrate` and "
    "`watchledger rebuild`."
)


def all_faults(
    connection: Connection,
    kept: Checkpoint | None = None,
    on_total: Callable[[int], None] = lambda _: None,
    on_events: Callable[[int], None] = lambda _: None,
) -> Iterator[str]:
    """Everything that is wrong, each in a sentence.

    `connection` sees one state of the database, and was asked for the bookmark before all else.
    `on_total` hears how many events will be looked at, `on_events` how many more were. Raises
    UnreadableEvent, RebuildDue, DatabaseProblem.
    """
    yield from file_faults(connection)
    is_as_declared = True
    for fault in table_faults(connection):
        is_as_declared = False
        yield fault
    is_readable = True
    for fault in (*head_row_faults(driver_of(connection)), *value_faults(connection)):
        is_readable = False
        yield fault
    if not is_readable:
        yield "The events weren't replayed: mend this first."
        return
    on_total(2 * head(connection).position)
    if kept is not None and (changed := checkpoint_fault(connection, kept)):
        yield changed
    is_whole = True
    for fault in ledger_faults(connection, on_events):
        is_whole = False
        yield fault
    if is_whole and is_as_declared:
        yield from read_model_faults(connection, on_events)
    else:
        yield "The read models weren't compared: mend this first."


def table_faults(connection: Connection) -> Iterator[str]:
    """All in which tables aren't what is declared."""
    driver, dialect = driver_of(connection), connection.dialect
    for table in metadata.sorted_tables:
        yield from Comparison(driver, dialect, table).all_faults()
    for table in METADATA.sorted_tables:
        if table.name == Bookmark.__tablename__:  # it was extended where it stood
            compared = Comparison(driver, dialect, table, _BOOKMARK_ANEW)
        else:
            compared = Comparison(driver, dialect, table, _REBUILD)
            yield from compared.column_faults()
        yield from compared.key_faults()
        yield from compared.index_faults()
        yield from compared.actor_faults()
