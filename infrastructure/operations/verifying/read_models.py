"""Whether the read models are what the ledger says: a replay in memory, compared row by row."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import DataError

from domain.directory import Directory
from domain.fold import Fold
from infrastructure.ledger.bookmarks import check_bookmark
from infrastructure.ledger.reader import REPLAY_PAGE, read
from infrastructure.ledger.reports import LedgerReports
from projections.bookmark import BookmarkWrong, check_rules, read_bookmark
from projections.bulk import Values
from projections.read_models import ReadModels


def read_model_faults(
    connection: Connection, on_events: Callable[[int], None] = lambda _: None
) -> Iterator[str]:
    """Every row that differs from what a replay gives, each in a sentence.

    `connection` sees one state of the database, and was asked for the bookmark before all else. The
    thresholds are those of the read models. Raises UnreadableEvent, RebuildDue.
    """
    try:
        place = read_bookmark(connection)
        check_bookmark(connection, place)
    except BookmarkWrong as wrong:
        yield str(wrong)
        return
    if place is None:
        return
    check_rules(place)
    fold = Fold(Directory(), place.policy, LedgerReports(lambda: connection), derives_late=True)
    position = 0
    while position < place.position:
        events = read(connection, position, min(REPLAY_PAGE, place.position - position))
        fold.take(events)
        position = events[-1].position
        on_events(len(events))
    fold.settle()
    for projection in ReadModels().projections:
        for table, rows in projection.contents(fold):
            yield from _table_faults(connection, table, rows)


def _table_faults(
    connection: Connection, table: Table, expected_rows: Iterable[Values]
) -> Iterator[str]:
    keys = [place for place, column in enumerate(table.columns) if column.primary_key]

    def key(row: Values) -> Values:
        return tuple(row[place] for place in keys)

    expected = {key(row): row for row in expected_rows}
    try:
        for found in connection.execute(select(table).execution_options(yield_per=REPLAY_PAGE)):
            row = expected.pop(key(tuple(found)), None)
            if row is None:
                told = _named(table, key(tuple(found)))
                yield f"{told} is there, but nothing in the ledger says so."
            elif row != tuple(found):
                yield f"{_named(table, key(row))}: {_difference(table, tuple(found), row)}"
    except (ValueError, TypeError, DataError) as error:  # of a value that its column can't hold
        yield f"{table.name} can't be read: {error}. Run `watchledger rebuild`."
        return
    for missing in expected:
        yield f"{_named(table, missing)} is missing."


def _named(table: Table, key: Values) -> str:
    return f"{table.name} row ({', '.join(map(str, key))})"


def _difference(table: Table, found: Values, expected: Values) -> str:
    columns: Iterable[tuple[str, Any, Any]] = zip(
        (column.name for column in table.columns), found, expected, strict=True
    )
    return "; ".join(
        f"{name} is {there}, the ledger says {right}"
        for name, there, right in columns
        if there != right
    )
